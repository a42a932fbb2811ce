"""The numbers by which kernels know activations and optimizers; imports no numba."""

LINEAR, RELU, TANH, SIGMOID = range(4)
SGD, ADAGRAD, RMSPROP, ADAM = range(4)
