"""What the matrix products of an update alone would allow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

_INPUTS, _HIDDEN = 784, 128


def _by_torch(images: Tensor) -> Iterator[int]:
    """SimpleNet's two large products for a batch of `images` (b, 784), again and again."""
    weights, signal = torch.rand(_HIDDEN, _INPUTS), torch.rand(len(images), _HIDDEN)
    sums, gradient = torch.empty_like(signal), torch.empty_like(weights)
    while True:
        torch.mm(images, weights.T, out=sums)
        torch.mm(signal.T, images, out=gradient)
        yield 1


def _by_numpy(images: Tensor) -> Iterator[int]:
    inputs = images.numpy()
    generator = np.random.default_rng(0)
    weights = generator.random((_HIDDEN, _INPUTS), np.float32)
    signal = generator.random((len(images), _HIDDEN), np.float32)
    sums, gradient = np.empty_like(signal), np.empty_like(weights)
    while True:
        np.dot(inputs, weights.T, out=sums)
        np.dot(signal.T, inputs, out=gradient)
        yield 1


# torch brings one library for it, our kernels use numpy's and scipy's: the faster one counts.
LIBRARIES = {"torch": _by_torch, "numpy": _by_numpy}
