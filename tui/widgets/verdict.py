"""What the network takes an example for, and how right and wrong are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan

from core.snapshot import Digits
from tui.display import RIGHT, WRONG, Look
from tui.format import MISSING


@dataclass(frozen=True, slots=True)
class Verdict:
    """The most probable class, its probability, and the true class; classes by number.

    `judged` is None where the network says nothing: its probabilities are not numbers any more.
    """

    judged: int | None
    confidence: float
    truth: int

    @property
    def look(self) -> Look:
        return RIGHT if self.judged == self.truth else WRONG


def verdict(digits: Digits, place: int) -> Verdict:
    """The verdict on one of the examples that are shown."""
    row = digits.probabilities[place].tolist()
    truth = digits.labels[place]
    if not all(map(isfinite, row)):
        return Verdict(None, nan, truth)
    judged = max(range(len(row)), key=row.__getitem__)
    return Verdict(judged, row[judged], truth)


def class_name(digits: Digits, number: int | None) -> str:
    """A class in words; "?" for none."""
    return "?" if number is None else digits.classes[number]


def whole_percent(share: float) -> str:
    """A probability in the fewest columns: 98%, or a dash where there is none."""
    return f"{100 * share:.0f}%" if isfinite(share) else MISSING


def tally(digits: Digits | None, shown: int, *, only_wrong: bool) -> str:
    """How many of the first examples, so many as are `shown`, are right."""
    if digits is None:
        return ""
    if not shown:
        return "no wrong ones left" if only_wrong and not digits.labels else ""
    right = sum(verdict(digits, place).look is RIGHT for place in range(shown))
    return f"{right} of {shown} right"
