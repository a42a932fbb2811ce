"""What one may tell a loop that is not ours, besides what one may ask of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndLoop:
    """Let the iteration end before the next batch, as if there were no more."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A line that the loop's own code has printed, to stand among the events."""

    line: str
