"""A training loop that is not ours: seen and steered between its batches."""
