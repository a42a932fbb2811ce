"""Compiled updates of multilayer perceptrons on a processor: many per call, without the GIL."""
