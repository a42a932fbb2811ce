"""What others can read of a run: its metrics, its network, live files for TensorBoard."""
