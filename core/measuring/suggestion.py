"""A range test's curve: smoothed as it grows, and the learning rate that it suggests.

That is the rate at which the smoothed loss falls fastest along the logarithm of the rate, as
Lightning's `lr_find` and the rule `steep` of fastai have it. The other rule in use, a tenth of the
rate of the lowest loss (fastai's `minimum`), is made for tests of a single update a rate: where
each point takes many, the loss is at its lowest well before rates are too high, and a tenth of
that is far too low.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

_MEMORY = 0.25  # decades of the rate, over which the average forgets all but a third
_DIVERGED = 4.0  # times the lowest loss, as in fastai and Lightning
_NOTHING = 0.01  # times the first loss: beside it, less is as good as nothing
_BEGINNING = 0.2  # the share of the points that tells how high the loss was at first
_EDGE = 0.2  # the share of the fall, at either end of it, in which it may tremble as well
_NOISE = 2.0  # times what neighbours differ by: a fall of less may be chance


class Smoothing:
    """The exponential average of losses at rising rates, without the bias of its beginning.

    What is remembered fades with the distance on the logarithmic scale, not with the number of
    points, so that coarse tests and fine ones are smoothed alike.
    """

    def __init__(self) -> None:
        self._first_rate = self._first_loss = self._rate = 0.0
        self._sum = self._weight = 0.0
        self._lowest = math.inf
        self.diverged = False

    def add(self, rate: float, loss: float) -> float:
        """The average with a `loss` at a `rate` above those before."""
        if not self._weight:
            self._first_rate, self._first_loss, self._rate = rate, loss, rate
        kept = math.exp(-math.log10(rate / self._rate) / _MEMORY)
        self._rate = rate
        self._sum, self._weight = kept * self._sum + loss, kept * self._weight + 1
        average = self._sum / self._weight
        if math.log10(rate / self._first_rate) >= _MEMORY:  # before, chance may have it low
            self._lowest = min(self._lowest, average)
            # A loss of the user's own may be below 0.
            unit = max(abs(self._lowest), _NOTHING * abs(self._first_loss))
            self.diverged = average - self._lowest > (_DIVERGED - 1) * unit
        return average


def suggested(
    rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float]
) -> float | None:
    """The rate at which the smoothed loss falls fastest; None if it does not fall.

    What counts lies where the fall is well under way and not yet over, and where the loss is an
    average of more than a few points. A fall that is small beside what neighbouring points differ
    by is none.
    """
    if len(rates) < 3:
        return None
    end = min(range(len(smoothed)), key=smoothed.__getitem__) + 1
    first = max(2, round(_BEGINNING * len(losses)))
    before = losses[: max(first, end)]
    high = math.fsum(losses[:first]) / first
    fall = high - smoothed[end - 1]
    noise = math.fsum(abs(b - a) for a, b in pairwise(before)) / (len(before) - 1)
    if fall <= _NOISE * noise:
        return None
    begin, over = _under_way(smoothed[:end], high - _EDGE * fall, smoothed[end - 1] + _EDGE * fall)
    points = [at for at in range(begin, over) if math.log10(rates[at] / rates[0]) >= _MEMORY]
    return rates[min(points, key=lambda at: _slope(rates, smoothed, at))] if points else None


def _under_way(losses: Sequence[float], high: float, low: float) -> tuple[int, int]:
    """From the first point that stays at or below `high` to after the next at or below `low`."""
    begin = max((at for at, loss in enumerate(losses) if loss > high), default=0) + 1
    over = next((at for at in range(begin, len(losses)) if losses[at] <= low), len(losses) - 1)
    return begin, over + 1


def _slope(rates: Sequence[float], smoothed: Sequence[float], at: int) -> float:
    """What the loss gains from the point before `at` to the one after it, per decade."""
    after = min(at + 1, len(rates) - 1)
    gained = smoothed[after] - smoothed[at - 1]
    return gained / math.log10(rates[after] / rates[at - 1])
