"""One panel a file: each draws its part of a RunView."""
