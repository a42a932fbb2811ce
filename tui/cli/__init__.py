"""The command `gd-tui`: what may be given to it, by flag, environment or file."""
