"""Names beside vertical marks, placed so that none writes over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at `column`, to be named `sign name` in `colour`."""

    column: int
    sign: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Label:
    """Text that begins at `column` of the row `lane`, counted from the top."""

    column: int
    lane: int
    text: str
    colour: str


def name_marks(marks: Sequence[Mark], width: int, lanes: int) -> list[Label]:
    """A label for as many of the `marks` as have room on `lanes` rows of `width` columns.

    The latest comes first, since it is the one being looked for. A name stands to the right of
    its mark or, where that is taken, to the left or a row lower; where no name fits, its sign
    alone may.
    """
    labels: list[Label] = []
    for mark in reversed(marks):
        label = _first_free(_candidates(mark, lanes), labels, width)
        if label is not None:
            labels.append(label)
    return labels


def _candidates(mark: Mark, lanes: int) -> list[Label]:
    to_the_right, to_the_left = f"{mark.sign} {mark.name}", f"{mark.name} {mark.sign}"
    left = mark.column - len(mark.name) - 1
    named = [
        label
        for lane in range(lanes)
        for label in (
            Label(mark.column, lane, to_the_right, mark.colour),
            Label(left, lane, to_the_left, mark.colour),
        )
    ]
    signs = [Label(mark.column, lane, mark.sign, mark.colour) for lane in range(lanes)]
    return named + signs


def _first_free(candidates: list[Label], taken: list[Label], width: int) -> Label | None:
    for label in candidates:
        fits = label.column >= 0 and label.column + len(label.text) <= width
        if fits and not any(_touch(label, other) for other in taken):
            return label
    return None


def _touch(one: Label, other: Label) -> bool:
    """Whether two labels share a row with less than a space between them."""
    apart = one.column > other.column + len(other.text) or other.column > one.column + len(one.text)
    return one.lane == other.lane and not apart
