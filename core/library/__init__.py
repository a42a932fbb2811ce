"""The engine for scripts and notebooks: made of objects, driven by words, with errors raised."""
