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
    meaning: str


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy(
            "batch",
            lambda n, _chosen: n,
            "every example of the training set decides each update: the exact gradient",
        ),
        Strategy(
            "stochastic",
            lambda _n, _chosen: 1,
            "one example decides each update: fast steps, a path that trembles",
        ),
        Strategy(
            "mini-batch",
            lambda _n, chosen: chosen,
            "a handful of examples decides each update: between the two",
        ),
    )
}
