"""How far an update moves each layer's weights, measured against their length.

Karpathy, notes of Stanford's CS231n, "Neural Networks Part 3", ratio of weights to updates: about
1e-3 is healthy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.measuring.layers import Layer, lengths
from core.snapshot import Moment


@dataclass(frozen=True, slots=True)
class Ratios:
    """The mean of ‖Δw‖/‖w‖ over some updates, the last of them at `at`, by the layers' names.

    Absent: a layer without length.
    """

    at: Moment
    of: dict[str, float]


class RatioMeter:
    """Watches successive updates of one run, from `begin` on. It keeps a few numbers a layer."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self.updates = 0  # watched so far

    def begin(self, weights: Tensor) -> None:
        """Watch from here: `weights` is (d,), before the first update to be watched."""
        self.updates = 0
        self._before = lengths(weights, self._layers)
        self._sum = torch.zeros_like(self._before)

    def watch(self, update: Tensor, weights: Tensor) -> None:
        """Take in one more update (d,), and the weights (d,) after it."""
        self._sum += lengths(update, self._layers) / self._before
        self._before = lengths(weights, self._layers)
        self.updates += 1

    def told(self, at: Moment) -> Ratios:
        """The ratios of the updates so far, of which there must be one."""
        means = (self._sum / self.updates).tolist()  # a GPU is waited for
        named = zip((layer.name for layer in self._layers), means, strict=True)
        return Ratios(at, {name: mean for name, mean in named if 0 <= mean < float("inf")})
