"""What stands where of one example: its picture, if it is one, and a bar for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.widgets.picture_size import Size, fitted

PERCENT = 5  # columns of " 100%"
_LEAST_BAR = 5  # columns, so that two probabilities can be told apart
_LEAST_SIDE = 8  # pixels of the longer side of a picture that can still be made out
_MARKS = 2  # columns before a class: the mark of the truth and a space
_MANY = 10  # classes; of more, the likely ones are enough under a picture


@dataclass(frozen=True, slots=True)
class Portrait:
    """Where things stand: a picture of `picture` pixels at the left of the bars or above them.

    (0, 0) is no picture. `names` is the width of the class names, `bar` that of a full bar;
    there is room for `rows` classes.
    """

    picture: Size
    beside: bool
    names: int
    bar: int
    rows: int


def arrange(width: int, height: int, classes: tuple[str, ...], own: Size) -> Portrait:
    """The largest picture that leaves room for the bars, of one of its `own` size."""
    names = max(map(len, classes))
    least = _MARKS + names + 1 + _LEAST_BAR + PERCENT
    listed = min(len(classes), _MANY)
    beside = fitted(own, 2 * height, width - least - 1)
    above = fitted(own, 2 * (height - listed - 1), width)
    if max(*beside, *above) < _LEAST_SIDE:
        picture, room, rows = (0, 0), width, height
    elif above > beside:
        picture, room, rows = above, width, height - above[0] // 2 - 1
    else:
        picture, room, rows = beside, width - beside[1] - 1, height
    names, bar = _columns(room, names)
    return Portrait(picture, beside >= above, names, bar, min(rows, len(classes)))


def bars_alone(width: int, height: int, classes: tuple[str, ...]) -> Portrait:
    """The same of an example that is no picture."""
    names, bar = _columns(width, max(map(len, classes)))
    return Portrait((0, 0), True, names, bar, min(height, len(classes)))


def _columns(room: int, names: int) -> tuple[int, int]:
    """The columns of class names, which are as wide as `names` if they can be, and of the bars."""
    around = _MARKS + 1 + PERCENT
    names = min(names, max(room - around - _LEAST_BAR, 1))
    return names, max(room - around - names, 0)


def listed(shares: Sequence[float], truth: int, rows: int) -> list[int]:
    """The classes to list, in their order: if not all have room, the true one and the likely."""
    likely = sorted(range(len(shares)), key=lambda n: (n != truth, -shares[n]))
    return sorted(likely[:rows])
