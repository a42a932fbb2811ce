"""Races: budgets and lanes, fairness, who is ahead, and what the chapter claims of it."""
