"""What batch, stochastic and mini-batch mean: how many examples decide one update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Strategy:
    """A rule for the size of an update.

    `size(n, chosen)` gives the examples per update for a training set of `n` examples, where
    `chosen` is the mini-batch size that is set.
    """

    name: str
    size: Callable[[int, int], int]


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        # Every example of the training set decides each update: the exact gradient.
        Strategy("batch", lambda n, _chosen: n),
        # One example decides each update: fast, along a path that trembles.
        Strategy("stochastic", lambda _n, _chosen: 1),
        # A handful of examples decides each update: between the two.
        Strategy("mini-batch", lambda _n, chosen: chosen),
    )
}
