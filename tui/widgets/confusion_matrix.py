"""A confusion matrix as lines of text: a row a true class, a column what was said."""

from __future__ import annotations

from math import sqrt

from textual.color import Color
from textual.content import Content

from core.figures import Confusion
from tui.display import GREEN, VERMILION, Display

_CELLS = (5, 4, 3)  # columns of a count
_MOST_NAME = 10
_STRONGEST = 0.75  # of a colour over the ground
_GROUNDS = {True: "#10151B", False: "#FBFAF6"}


def matrix(
    confusion: Confusion, width: int, height: int, display: Display, dark: bool
) -> list[Content]:
    """The whole matrix, or nothing where it has no room.

    Without a line to spare its columns go unnamed: they stand in the order of the rows.
    """
    counts, names = confusion.counts, confusion.classes
    if counts is None or len(names) > height:
        return []
    name = min(max(map(len, names)), _MOST_NAME)
    cell = next((each for each in _CELLS if name + 1 + each * len(names) <= width), 0)
    if not cell:
        name = 1
        cell = next((each for each in _CELLS if name + 1 + each * len(names) <= width), 0)
    if not cell:
        return []
    heading = "".join(each[: cell - 1].rjust(cell) for each in names)
    lines = [Content.styled(" " * (name + 1) + heading, "$foreground-muted")]
    for truth, (title, row) in enumerate(zip(names, counts.tolist(), strict=True)):
        cells = [
            (_text(count, cell, display), _style(count / max(sum(row), 1), said == truth, dark))
            for said, count in enumerate(row)
        ]
        lines.append(
            Content.assemble((title[:name].rjust(name) + " ", "$foreground-muted"), *cells)
        )
    return lines if len(lines) <= height else lines[1:]


def _text(count: int, width: int, display: Display) -> str:
    """A count in so many columns; nothing is a dot."""
    if not count:
        said = "." if display.ascii else "·"
    else:
        said = next(text for text in _wordings(count) if len(text) <= width)
    return said.rjust(width)


def _wordings(count: int) -> list[str]:
    return [str(count), f"{count / 1e3:.0f}k", f"{count / 1e6:.0f}M", f"{count / 1e9:.0f}G", "++"]


def _style(share: float, right: bool, dark: bool) -> str:
    """The deeper the larger the share of the true class."""
    if not share:
        return "$foreground-muted"
    colour = Color.parse((GREEN if right else VERMILION).on(dark=dark))
    ground = Color.parse(_GROUNDS[dark])
    strength = _STRONGEST if dark else _STRONGEST / 2
    return f"on {ground.blend(colour, strength * sqrt(share)).hex}"
