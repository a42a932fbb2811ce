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
