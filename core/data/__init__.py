"""Where examples come from: the bundled MNIST, torchvision's data sets, the user's own."""
