"""The terminal side: the command line, and the Textual app that shows and steers the engine."""
