"""Bounded series of what happened: a window of the latest updates, and curves on three clocks.

A run of a billion updates uses the memory of a short one. The window keeps every one of the
latest updates. A curve keeps buckets of equal width along one clock; when there are too many,
the width doubles and neighbours are merged. Close to the start they stay narrow, so that a run
of many updates can be compared with one of few. A bucket keeps count, mean, low, high and last,
so that spikes survive.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.snapshot import Clock, Curve, Moment

Floats = NDArray[np.float64]

CAPACITY = 2048  # buckets of a curve, at most; at least half of them are in use once full
WINDOW = 8192  # of the latest updates, every one of which is kept
_FIRST_WIDTH = {Clock.UPDATES: 1.0, Clock.EXAMPLES: 1.0, Clock.SECONDS: 2.0**-14}


class BucketedCurve:
    """One series along one clock, in at most `capacity` buckets.

    They are of equal width, but none is wider than a part of its distance from 0: a
    `capacity` / 64th. A bucket holds values of one phase only, so that what different strategies
    did is not mixed; buckets that hold none are not kept. Values that are not finite are left
    out. Arrays are replaced, never written, so that copies and published curves can share them.
    """

    def __init__(self, width: float, capacity: int = CAPACITY) -> None:
        """`width` is that of the narrowest buckets."""
        self.capacity = capacity
        self._unit = width
        self._doublings = 0  # of the width of the widest buckets
        self._fineness = (capacity // 64).bit_length() - 1  # an octave has 2 ** so many buckets
        self._bucket = np.empty(0, np.int64)  # where each begins, in units
        self._phase = np.empty(0, np.int64)
        self._phases = 0
        self._rows = np.empty((0, 6))  # x, sum, low, high, last, count
        self._pending: list[tuple[Floats, Floats]] = []  # not yet in buckets
        self._waiting = 0

    def extend(self, x: Floats, values: Floats) -> None:
        """Add values at increasing places `x`, none of them before the last place so far."""
        self._pending.append((x, values))
        self._waiting += len(x)
        if self._waiting > self.capacity:
            self._fold()

    def begin_phase(self) -> None:
        """Let no bucket hold values from before and after this moment."""
        self._fold()
        self._phases += 1

    def curve(self) -> Curve:
        """The series as it stands."""
        self._fold()
        x, total, low, high, last, count = np.ascontiguousarray(self._rows.T)
        return Curve(x, total / count, low, high, last, count)

    def arrays(self) -> Iterator[NDArray[Any]]:
        self._fold()
        yield from (self._bucket, self._phase, self._rows)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, int]]:
        """All that it is: its arrays, and its counts of doublings and phases."""
        self._fold()
        arrays = {"bucket": self._bucket, "phase": self._phase, "rows": self._rows}
        return arrays, {"doublings": self._doublings, "phases": self._phases}

    def load(self, arrays: Mapping[str, NDArray[Any]], doublings: int, phases: int) -> None:
        """Be what another was: see `state`."""
        self._bucket, self._phase, self._rows = arrays["bucket"], arrays["phase"], arrays["rows"]
        self._doublings, self._phases = doublings, phases
        self._pending, self._waiting = [], 0

    def copy(self) -> BucketedCurve:
        self._fold()
        copied = copy.copy(self)
        copied._pending = []
        return copied

    def _fold(self) -> None:
        """Put what is pending into buckets, and double their width until they are few enough."""
        if not self._pending:
            return
        x, values = (np.concatenate(column) for column in zip(*self._pending, strict=True))
        self._pending, self._waiting = [], 0
        finite = np.isfinite(values)
        if not finite.all():
            x, values = x[finite], values[finite]
        bucket = self._begins(np.floor(x / self._unit).astype(np.int64))
        # Thousands of values become a few rows before they meet the others: much less to move.
        starts = np.flatnonzero(_changes(bucket))
        self._bucket = np.concatenate([self._bucket, bucket[starts]])
        self._phase = np.concatenate([self._phase, np.full(len(starts), self._phases)])
        self._rows = np.concatenate([self._rows, _rows(x, values, starts)])
        self._merge()
        while len(self._bucket) > self.capacity:
            if self._doublings < int(self._bucket.max()).bit_length():
                self._doublings += 1
                self._bucket = self._begins(self._bucket)
            elif self._phase.any():
                self._phase = self._phase // 2  # wider ones would be no fewer: of too many phases
            else:
                break  # places that do not increase: there is nothing to merge
            self._merge()

    def _begins(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the buckets begin that hold these places, all in units."""
        octave = np.frexp(places.astype(np.float64))[1] - 1
        doublings = np.clip(octave - self._fineness, 0, min(self._doublings, 62))
        begins: NDArray[np.int64] = places >> doublings << doublings
        return begins

    def _merge(self) -> None:
        """Make one of the rows that are of the same bucket and phase; both only increase."""
        starts = np.flatnonzero(_changes(self._bucket) | _changes(self._phase))
        self._rows = _merged(self._rows, starts)
        self._bucket, self._phase = self._bucket[starts], self._phase[starts]


def _changes(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where each run of equal values begins."""
    begins = np.ones(len(values), dtype=bool)
    begins[1:] = values[1:] != values[:-1]
    return begins


def _rows(x: Floats, values: Floats, starts: NDArray[np.int64]) -> Floats:
    """A row for the values from each start to the next."""
    if not len(starts):
        return np.empty((0, 6))
    ends = np.r_[starts[1:], len(x)]
    reduced = [operation.reduceat(values, starts) for operation in (np.add, np.minimum, np.maximum)]
    return np.stack([x[ends - 1], *reduced, values[ends - 1], ends - starts], axis=1)


def _merged(rows: Floats, starts: NDArray[np.int64]) -> Floats:
    """One row for all those from each start to the next."""
    if len(starts) == len(rows):  # also when there is nothing at all
        return rows
    ends = np.r_[starts[1:], len(rows)] - 1
    merged = np.empty((len(starts), 6))
    merged[:, 0] = rows[ends, 0]
    merged[:, 1] = np.add.reduceat(rows[:, 1], starts)
    merged[:, 2] = np.minimum.reduceat(rows[:, 2], starts)
    merged[:, 3] = np.maximum.reduceat(rows[:, 3], starts)
    merged[:, 4] = rows[ends, 4]
    merged[:, 5] = np.add.reduceat(rows[:, 5], starts)
    return merged


class Series:
    """One quantity on all three clocks."""

    def __init__(self) -> None:
        self.by_clock = {clock: BucketedCurve(_FIRST_WIDTH[clock]) for clock in Clock}

    def extend(self, updates: Floats, examples: Floats, seconds: Floats, values: Floats) -> None:
        places = {Clock.UPDATES: updates, Clock.EXAMPLES: examples, Clock.SECONDS: seconds}
        for clock, curve in self.by_clock.items():
            curve.extend(places[clock], values)

    def begin_phase(self) -> None:
        for curve in self.by_clock.values():
            curve.begin_phase()

    def add(self, at: Moment, value: float) -> None:
        for clock, curve in self.by_clock.items():
            curve.extend(np.array([at.on(clock)]), np.array([value]))

    def curves(self) -> dict[Clock, Curve]:
        return {clock: curve.curve() for clock, curve in self.by_clock.items()}

    def arrays(self) -> Iterator[NDArray[Any]]:
        for curve in self.by_clock.values():
            yield from curve.arrays()

    def copy(self) -> Series:
        copied = Series()
        copied.by_clock = {clock: curve.copy() for clock, curve in self.by_clock.items()}
        return copied


class RecentWindow:
    """Loss and size of each of the latest updates, oldest first.

    Kept in a buffer of twice the window, which is moved back when it is full: reading is a
    slice, and adding costs no allocation.
    """

    def __init__(self, length: int = WINDOW) -> None:
        self.length = length
        self._losses = np.empty(2 * length, np.float32)
        self._sizes = np.empty(2 * length, np.int64)
        self._end = 0

    def extend(self, losses: NDArray[np.float32], sizes: NDArray[np.int64]) -> None:
        """Add the losses of updates and how many examples each was made from."""
        losses, sizes = losses[-self.length :], sizes[-self.length :]
        if self._end + len(losses) > 2 * self.length:
            kept = self.length
            for buffer in (self._losses, self._sizes):
                buffer[:kept] = buffer[self._end - kept : self._end]
            self._end = kept
        new = slice(self._end, self._end + len(losses))
        self._losses[new], self._sizes[new] = losses, sizes
        self._end = new.stop

    def latest(self, count: int) -> NDArray[np.float32]:
        """A copy of the latest losses, at most `count` and at most the window's length."""
        count = min(count, self.length, self._end)
        return self._losses[self._end - count : self._end].copy()

    def running_mean(self, examples: int) -> float | None:
        """Mean loss over the latest `examples` examples; None before the first update.

        Each loss weighs as much as the examples it was made from; of the oldest update that
        still counts, only as many count as are wanted. The latest one always counts.
        """
        begin = max(0, self._end - self.length)
        sizes = self._sizes[begin : self._end][::-1]
        if not len(sizes):
            return None
        covered = np.minimum(np.cumsum(sizes), examples)
        weights = np.diff(covered, prepend=0)
        losses = self._losses[begin : self._end][::-1].astype(np.float64)
        return float(np.average(losses, weights=weights))

    def all(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Copies of every loss and size in the window, oldest first."""
        begin = max(0, self._end - self.length)
        return self._losses[begin : self._end].copy(), self._sizes[begin : self._end].copy()

    def arrays(self) -> Iterator[NDArray[Any]]:
        yield from (self._losses, self._sizes)

    def copy(self) -> RecentWindow:
        return copy.deepcopy(self)


def trembling(losses: NDArray[np.float32]) -> float | None:
    """How much the loss shakes from update to update around its running mean, in its own unit.

    A second difference is three times the deviation of a loss from the mean of itself and its two
    neighbours; what that running mean takes with it of the loss itself is made up for.
    The residual deviation from second differences (Gasser, Sroka and Jennen-Steinmetz,
    "Residual variance and residual pattern in nonlinear regression", 1986): it equals the
    standard deviation for losses that scatter around a level or a line, so that a steady fall
    does not count as shaking. None for fewer than three losses.
    """
    if len(losses) < 3:
        return None
    return float(np.sqrt(np.mean(np.diff(losses.astype(np.float64), 2) ** 2) / 6))


def stamps(
    start: Moment, sizes: Sequence[int] | NDArray[np.int64], seconds: float
) -> tuple[Floats, Floats, Floats]:
    """Where updates of these sizes end on the three clocks: updates, examples, seconds.

    They began at `start` and took `seconds` together, which are spread evenly over them.
    """
    count = np.arange(1, len(sizes) + 1, dtype=np.float64)
    updates = start.updates + count
    examples = start.examples + np.cumsum(sizes, dtype=np.float64)
    return updates, examples, start.seconds + seconds * count / len(sizes)
