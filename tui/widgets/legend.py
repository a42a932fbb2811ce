"""Which sign and colour is which run: all names on a line or two, cut alike where need be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, takewhile

from textual.content import Content

from tui.company import Company
from tui.display import Display
from tui.widgets.fit import cut

_GAP = 2  # columns between two names
_LEAD = 2  # columns of a sign and a space


def legend(
    company: Company, width: int, most: int, *, display: Display, dark: bool
) -> list[Content]:
    """The visible runs, the selected one in bold, on at most so many lines of `width` columns."""
    runs = iter(company.visible)
    names = [display.text(run.name) for run in company.visible]
    lines = []
    for row in in_rows(names, width, most, ascii=display.ascii):
        parts: list[str | tuple[str, str]] = []
        for name, run in zip(row, runs, strict=False):
            look = company.looks[run.id]
            sign = (look.mark(display.ascii), look.colour.on(dark=dark))
            selected = "bold" if run.id == company.run.id else ""
            parts += [" " * _GAP if parts else "", sign, (f" {name}" if name else "", selected)]
        lines.append(Content.assemble(*parts))
    return lines


def in_rows(names: Sequence[str], width: int, most: int, *, ascii: bool) -> list[list[str]]:
    """The names in order, each after a sign, on at most so many rows of `width` columns.

    Where they are too long together, they go without the words that all begin with; then the
    longest are cut, all to one length. Where even a letter of each is too much, nothing is left
    of any.
    """
    apart = _apart(names, ascii)
    cuts = range(max(map(len, apart), default=0), 0, -1)
    shorter = ([cut(name, longest, ascii) for name in apart] for longest in cuts)
    for fewer in chain([names], shorter):
        made = _rows(fewer, width)
        if len(made) <= most and _LEAD + max(map(len, fewer), default=0) <= width:
            return made
    return _rows([""] * len(names), width)[:most]


def _apart(names: Sequence[str], ascii: bool) -> list[str]:
    """What tells the names apart: without the words that all of them begin with."""
    words = [name.split(" ") for name in names]
    shared = len([*takewhile(lambda column: len({*column}) == 1, zip(*words, strict=False))])
    if not shared or shared == min(map(len, words)):
        return [*names]
    return [("." if ascii else "…") + " ".join(each[shared:]) for each in words]


def _rows(names: Sequence[str], width: int) -> list[list[str]]:
    """As many names to a row as fit."""
    rows: list[list[str]] = []
    end = width  # where the row so far ends
    for name in names:
        if not rows or end + _GAP + _LEAD + len(name) > width:
            rows.append([])
            end = -_GAP
        rows[-1].append(name)
        end += _GAP + _LEAD + len(name)
    return rows
