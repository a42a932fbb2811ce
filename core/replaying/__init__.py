"""Journals run again: as a check of every bit, and as a demonstration."""
