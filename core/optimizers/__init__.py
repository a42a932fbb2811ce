"""torch.optim behind one table of hyperparameters that can be edited while training."""
