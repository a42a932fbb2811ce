"""Runs on the disk: folders with checkpoints and journals, written in the background."""
