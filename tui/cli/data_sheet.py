"""A data set on one sheet: figures, classes with bars, a few examples."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from tui.complaint import harmless
from tui.format import count, number

if TYPE_CHECKING:
    from core.data.own.description import ClassCount, Description

_BAR = 30  # characters of the longest
_MOST_CLASSES = 20
_HEIGHT = 16  # pixels of a picture as it is drawn; a line of characters has two
_NARROWEST, _WIDEST = 8, 32
_GAP = 2  # characters between two
_WIDEST_CELL = 24


def show(found: Description) -> None:
    """Print the sheet on standard output."""
    console = Console(highlight=False, markup=False, emoji=False)
    for line in _heading(found):
        console.print(Text(harmless(line)), soft_wrap=True)
    if found.classes:
        console.print(_class_table(found.classes, signs="█" if _draws() else "#"))
    for line in found.remarks:
        console.print(Text(f"- {harmless(line)}"), soft_wrap=True)
    console.print()
    if found.pictures is not None:
        _print_pictures(console, found)
    else:
        console.print(_examples(found, console.width))


def _draws() -> bool:
    """Whether standard output can hold the blocks that bars and pictures are made of."""
    return "utf" in (sys.stdout.encoding or "").lower()


def _heading(found: Description) -> Iterator[str]:
    spec = found.spec
    told = f"{count(len(spec.classes))} classes" if spec.classes else ", ".join(spec.targets)
    yield f"{spec.title}: {spec.task}, {told}"
    yield f"{count(spec.train)} training and {count(spec.test)} test examples"
    shape = " x ".join(map(count, spec.shape))
    sample = f" in the first {count(found.looked_at)}" if found.looked_at < spec.train else ""
    yield f"inputs {shape}, from {_range(found.inputs)}{sample}"
    for each in found.targets:
        yield f"{each.name} as the network is to tell it: from {_range(each)}"


def _range(each: object) -> str:
    low, mean, high = (number(getattr(each, name)) for name in ("low", "mean", "high"))
    return f"{low} to {high}, mean {mean}"


def _table() -> Table:
    return Table(box=None, padding=(0, _GAP, 0, 0), show_edge=False)


def _class_table(classes: Sequence[ClassCount], signs: str) -> Table:
    most = max(each.train for each in classes)
    table = _table()
    table.add_column("class", no_wrap=True, max_width=_WIDEST_CELL, overflow="ellipsis")
    table.add_column("train", justify="right")
    table.add_column("test", justify="right")
    table.add_column("", no_wrap=True)
    for each in classes[:_MOST_CLASSES]:
        bar = signs * round(_BAR * each.train / most)
        table.add_row(Text(harmless(each.name)), count(each.train), count(each.test), bar)
    rest = classes[_MOST_CLASSES:]
    if rest:
        sums = count(sum(each.train for each in rest)), count(sum(each.test for each in rest))
        table.add_row(f"{count(len(rest))} more", *sums, "")
    return table


def _examples(found: Description, width: int) -> Table:
    """A few examples, a line each: as in the table's file, or their first numbers."""
    if found.headings:
        headings, rows = _target_last(found)
    else:
        headings = (*(str(i + 1) for i in range(len(found.rows[0]))), "target")
        rows = tuple((*row, answer) for row, answer in zip(found.rows, found.answers, strict=True))
    room = width
    shown: list[list[str]] = []
    for place in [len(headings) - 1, *range(len(headings) - 1)]:  # the target in any case
        cells = [_short(headings[place]), *(_short(row[place]) for row in rows)]
        room -= max(map(len, cells)) + _GAP
        if room >= 0 or not shown:
            shown.append(cells)
    table = _table()
    headed = [*shown[1:], shown[0]]
    for column in headed:
        table.add_column(Text(column[0]), no_wrap=True)
    for row in zip(*(column[1:] for column in headed), strict=True):
        table.add_row(*map(Text, row))
    return table


def _target_last(found: Description) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    place = found.headings.index(found.target)
    order = [i for i in range(len(found.headings)) if i != place] + [place]
    rows = tuple(tuple(row[i] for i in order) for row in found.rows)
    names = tuple(found.headings[i] for i in order)
    return (*names[:-1], f"{names[-1]} (target)"), rows


def _short(text: str) -> str:
    text = harmless(text)
    return text if len(text) <= _WIDEST_CELL else f"{text[: _WIDEST_CELL - 1]}…"


def _print_pictures(console: Console, found: Description) -> None:
    """As many examples side by side as fit, with what is to be told below each."""
    from tui.widgets.half_blocks import Brush, Paint, picture

    assert found.pictures is not None
    colour = console.is_terminal and not console.no_color and "NO_COLOR" not in os.environ
    paint = Paint.COLOUR if colour else Paint.BLOCKS
    brush = Brush(paint if _draws() else Paint.ASCII)
    height, width = found.pictures.shape[1:3]
    across = min(max(round(_HEIGHT * width / height), _NARROWEST), _WIDEST)
    fitting = max(1, (console.width + _GAP) // (across + _GAP))
    drawn = [picture(image, (_HEIGHT, across), brush) for image in found.pictures[:fitting]]
    gap = Segment(" " * _GAP)
    for strips in zip(*drawn, strict=True):
        line = [segment for strip in strips for segment in (*strip, gap)]
        console.print(Segments([*line, Segment.line()]), end="")
    names = (harmless(answer)[:across].ljust(across + _GAP) for answer in found.answers[:fitting])
    console.print(Text("".join(names).rstrip()))
