"""The training engine: everything that trains, nothing that draws."""
