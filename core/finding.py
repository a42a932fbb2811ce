"""What the learning-rate finder shows: a range test's curve, and what it suggests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ended(StrEnum):
    """Why a range test made no more updates."""

    NOT_YET = "under way"
    HIGHEST = "highest rate"  # the highest rate was reached
    DIVERGED = "diverged"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """A range test on a copy of a run, as far as it is.

    Entry i of `rates`, `losses` and `smoothed` is one learning rate, in rising order: the mean
    loss that updates at this rate led to, and its exponential average over the rates so far.
    `updates`, `examples` and `seconds` of wall time are what the test took, none of it the run's.
    """

    low: float  # the first rate, and the one at which it ends at the latest
    high: float
    rates: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    smoothed: tuple[float, ...] = ()
    suggestion: float | None = None  # one of `rates`; None if there is none, or not yet
    updates: int = 0
    examples: int = 0
    seconds: float = 0.0
    progress: float = 0.0  # the share of the range that is done, 0 to 1
    ended_by: Ended = Ended.NOT_YET
    reached: float = 0.0  # the latest rate at which updates were made
    trouble: str = ""  # a fault, in one line

    @property
    def under_way(self) -> bool:
        return self.ended_by is Ended.NOT_YET
