"""An axis that holds still: round limits that are left rarely, ticks that people can read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tui.format import compact

_LIMITS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_FARTHEST = 1e300  # beyond, the round number above a value may be infinite
_WIDE, _CLOSE = 20.0, 8.0  # times another: log from the first on, until below the second
_FLOORS = (0.98, 0.95, 0.9, 0.8, 0.5)  # where an axis of shares up to 1 may begin


@dataclass(frozen=True, slots=True)
class Axis:
    """The range `low` to `high`, logarithmic if so said, with a label for each of its ticks.

    Limits and ticks are in the values' own unit; `place` gives where a value is drawn.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool = False

    def place(self, value: float) -> float:
        """Where `value` lies, 0 at the low end and 1 at the high one; NaN if it has no place."""
        if not math.isfinite(value):
            return math.nan
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return math.nan
        low, high = math.log(self.low), math.log(self.high)
        return (math.log(value) - low) / (high - low)


def round_up(value: float) -> float:
    """The next round number at or above a positive `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    # The last step catches a value just above ten powers, where rounding errors decide.
    return next(step * power for step in (*_LIMITS, 20.0) if step * power >= value)


def settle(held: float, needed: float) -> float:
    """An upper limit for `needed`: the `held` one as long as the curve fills half of it."""
    if not math.isfinite(needed) or needed <= 0:
        return held or 1.0
    if held / 2 <= needed <= held:
        return held
    return round_up(min(needed, _FARTHEST))


def needs_log(held: bool, values: Iterable[float]) -> bool:
    """Whether the positive ones among `values` are too far apart for a linear axis from 0.

    There, the smallest would be next to nothing. What was `held` to be so stays so for longer.
    """
    positive = [value for value in values if value > 0]
    limit = _CLOSE if held else _WIDE
    return len(positive) > 1 and max(positive) > limit * min(positive)


def linear(low: float, high: float, most: int, suffix: str = "") -> Axis:
    """An axis with at most `most` evenly spaced ticks; two of them, if allowed, at least."""
    raw = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (*_STEPS, 20.0) if s * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(i * step for i in range(first, last + 1))[: max(most, 1)]
    if len(ticks) == 1 and most > 1:
        ticks = (low, high)
    labels = tuple(compact(float(f"{tick:.6g}")) + suffix for tick in ticks)
    return Axis(low, high, ticks, labels)


def logarithmic(lowest: float, highest: float, most: int) -> Axis:
    """A logarithmic axis around positive values, ticks at powers of ten and, if few, between."""
    lowest, highest = max(lowest, 1 / _FARTHEST), min(highest, _FARTHEST)
    low = 10.0 ** math.floor(math.log10(lowest) + 1e-9)
    high = max(_round_up_log(highest), low * 10)
    first, last = round(math.log10(low)), math.floor(math.log10(high) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / max(most, 1)))
    ticks = [10.0**power for power in range(first, last + 1, stride)]
    between = sorted(
        {*ticks, *(m * 10.0**p for p in range(first, last + 1) for m in (2, 5) if stride == 1)}
    )
    between = [tick for tick in between if low <= tick <= high * 1.001]
    chosen = tuple(between if len(between) <= most else ticks)
    return Axis(low, high, chosen, tuple(compact(float(f"{t:.3g}")) for t in chosen), log=True)


def _round_up_log(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0, 20.0) if step * power >= value)


def shares(lowest: float, most: int) -> Axis:
    """An axis of shares of 1, labelled in percent, begun as high as the lowest share allows."""
    low = next((floor for floor in _FLOORS if floor <= lowest), 0.0)
    percent = linear(100 * low, 100.0, most, suffix=" %")
    return Axis(low, 1.0, tuple(tick / 100 for tick in percent.ticks), percent.labels)
