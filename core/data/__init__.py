"""Where examples come from: the bundled MNIST and torchvision's data sets."""
