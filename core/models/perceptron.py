"""A deeper perceptron: hidden layers of chosen widths, each followed by a ReLU."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn


def perceptron(inputs: int, widths: tuple[int, ...], classes: int) -> nn.Sequential:
    """Takes images (n, ...) of `inputs` pixels each, returns (n, classes) logits."""
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise((inputs, *widths)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    layers.append(nn.Linear((inputs, *widths)[-1], classes))
    return nn.Sequential(*layers)


def build(shape: tuple[int, ...], classes: int, widths: tuple[int, ...]) -> nn.Module:
    return perceptron(math.prod(shape), widths, classes)
