"""The values of an example that is no picture, numbered, as many as have room."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from tui.format import count, number, plural
from tui.widgets.fit import fullest

_ABOVE = 2  # lines: a blank one, and what these values are
_VALUE = 9  # columns of "-3.20e-05"
_GAP = 2


def lines_left(classes: int, given: int, width: int, height: int) -> int:
    """How many of so many lines are left to the values, beside the bars of the classes."""
    wanted = _ABOVE + ceil(given / _per_line(given, width))
    left = min(wanted, max(height - classes, height // 2))
    return left if given and left > _ABOVE else 0


def lines(given: Sequence[float], width: int, rows: int) -> list[str]:
    """The values in so many rows, and above them how many there are."""
    if rows <= _ABOVE:
        return []
    each = _per_line(len(given), width)
    told = given[: each * (rows - _ABOVE)]
    of = plural(len(given), "input")
    what = f"{count(len(told))} of its {of}" if len(told) < len(given) else f"its {of}"
    heading = fullest(width, f"{what}, as the network is given them", what)
    digits = len(count(len(given)))
    cells = [f"{place:>{digits}}: {number(v):>{_VALUE}}" for place, v in enumerate(told, 1)]
    table = [cells[first : first + each] for first in range(0, len(cells), each)]
    return ["", heading, *((" " * _GAP).join(row) for row in table)]


def _per_line(given: int, width: int) -> int:
    return max((width + _GAP) // (len(count(given)) + 2 + _VALUE + _GAP), 1)
