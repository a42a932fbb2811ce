"""The networks that can be trained, by name; each stands in a file of its own."""
