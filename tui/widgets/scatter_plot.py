"""A scatter of true against predicted numbers: what lies on the diagonal is told right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from tui.display import SKY_BLUE, WRONG, Display
from tui.widgets import axis
from tui.widgets.axis import Axis
from tui.widgets.canvas import Canvas
from tui.widgets.fit import cut, fullest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MARGIN = 0.05  # of the true numbers' range, at both ends of the axes
_FLAT = 0.1  # of the number itself, where all true ones are the same
_LEAST_WIDTH, _LEAST_HEIGHT = 24, 8  # of what has axes
_X_TICK, _Y_TICK = 12, 4  # columns and rows from one tick to the next, at least
_DOTTED = 3  # from one dot of the diagonal to the next


@dataclass(frozen=True, slots=True)
class Points:
    """What is drawn: `true` and `predicted` (k,), of which two have signs, if there are any."""

    true: Floats
    predicted: Floats
    selected: int
    worst: int | None


@dataclass(frozen=True, slots=True)
class Plot:
    """The lines of a scatter, and in which cell of it, column and row, each example stands.

    It is None of an example that was told no number.
    """

    lines: list[Content]
    cells: Sequence[tuple[int, int] | None]


def scale(true: Floats) -> tuple[float, float]:
    """The range of both axes: that of the true numbers, so that nothing moves while it learns."""
    low, high = float(true.min()), float(true.max())
    margin = _MARGIN * (high - low) or _FLAT * abs(high) or 1.0
    return low - margin, high + margin


def plot(
    points: Points, names: tuple[str, str], width: int, height: int, display: Display, *, dark: bool
) -> Plot:
    """The scatter in so many cells, its axes named x and y by `names`, if they have room.

    Numbers that were told beyond the axes stand at their ends, as arrows.
    """
    low, high = scale(points.true)
    has_axes = width >= _LEAST_WIDTH and height >= _LEAST_HEIGHT
    y = _axis(low, high, (height - 3) // _Y_TICK)
    margin = max(map(len, y.labels), default=0) + 2 if has_axes else 0
    canvas = Canvas(width - margin, height - 3 if has_axes else height, ascii=display.ascii)
    cells = _draw(points, (low, high), canvas, display, dark=dark)
    if not has_axes:
        return Plot(canvas.lines(), cells)
    x = _axis(low, high, canvas.width // _X_TICK)
    x_name, y_name = map(display.text, names)
    lines = [
        Content.styled(cut(y_name, width, display.ascii), "$foreground-muted"),
        *_beside(y, canvas, margin, display),
        *_below(x, x_name, canvas.width, margin, display),
    ]
    return Plot(lines, [cell and (cell[0] + margin, cell[1] + 1) for cell in cells])


def _axis(low: float, high: float, most: int) -> Axis:
    """About so many ticks, but two round ones at least."""
    tried = [axis.linear(low, high, count) for count in range(max(most, 2), max(most, 2) + 4)]
    return next((each for each in tried if each.ticks and each.ticks[0] != low), tried[-1])


def _draw(
    points: Points, ends: tuple[float, float], canvas: Canvas, display: Display, *, dark: bool
) -> list[tuple[int, int] | None]:
    """The points, the diagonal beneath them, the signs on top; returns the cell of each point."""
    import numpy as np

    low, high = ends
    across, up = (size - 1 for size in canvas.size)
    told = ~np.isnan(points.predicted)
    predicted = np.where(told, points.predicted, low)
    x = np.rint((points.true - low) / (high - low) * across).astype(np.int64)
    y = np.rint((predicted.clip(low, high) - low) / (high - low) * up).astype(np.int64)
    colour, wrong = SKY_BLUE.on(dark=dark), WRONG.colour.on(dark=dark)
    canvas.dots(x[told], y[told], colour, "o")
    diagonal = np.arange(0, across + 1, _DOTTED if not display.ascii else 1)
    canvas.dots(diagonal, diagonal * up // max(across, 1), "$foreground-muted", ".", beneath=True)
    cells = [canvas.cell(*at) if known else None for *at, known in zip(x, y, told, strict=True)]
    for place, cell in enumerate(cells):
        beyond = float(predicted[place])
        if cell and not low <= beyond <= high:
            canvas.write(*cell, display.text("↑" if beyond > high else "↓"), wrong)
    _sign(canvas, cells, points.worst, WRONG.mark(display.ascii), f"bold {wrong}")
    _sign(canvas, cells, points.selected, "@" if display.ascii else "◆", "bold $primary")
    return cells


def _sign(
    canvas: Canvas,
    cells: Sequence[tuple[int, int] | None],
    place: int | None,
    sign: str,
    style: str,
) -> None:
    cell = cells[place] if place is not None and place < len(cells) else None
    if cell:
        canvas.write(*cell, sign, style)


def _beside(y: Axis, canvas: Canvas, margin: int, display: Display) -> list[Content]:
    """The rows of the canvas, each with the axis before it and the label of a tick there."""
    line, tick = ("|", "+") if display.ascii else ("│", "┤")
    labels = {canvas.height - 1 - _cell(y, at, canvas.height): said for at, said in _ticks(y)}
    return [
        Content.assemble(
            (f"{labels.get(row, ''):>{margin - 2}} ", "$foreground-muted"),
            (tick if row in labels else line, "$border-blurred"),
            drawn,
        )
        for row, drawn in enumerate(canvas.lines())
    ]


def _below(x: Axis, name: str, width: int, margin: int, display: Display) -> list[Content]:
    """The axis with its name at the end, and under it the labels, as many as have room."""
    corner, line, tick = ("+", "-", "+") if display.ascii else ("└", "─", "┬")
    drawn, labels = [line] * width, [" "] * (margin + width)
    free = 0
    for at, said in _ticks(x):
        column = _cell(x, at, width)
        drawn[column] = tick
        first = min(margin + column - len(said) // 2, len(labels) - len(said))
        if first >= free:
            labels[first : first + len(said)] = said
            free = first + len(said) + 1
    named = fullest(width // 2, f" {name}", "")
    drawn[width - len(named) :] = named
    return [
        Content.assemble(
            (" " * (margin - 1) + corner, "$border-blurred"),
            ("".join(drawn[: width - len(named)]), "$border-blurred"),
            (named, "$foreground-muted"),
        ),
        Content.styled("".join(labels), "$foreground-muted"),
    ]


def _ticks(of: Axis) -> list[tuple[float, str]]:
    return list(zip(of.ticks, of.labels, strict=True))


def _cell(of: Axis, value: float, cells: int) -> int:
    """In which cell from the low end a value lies."""
    return min(max(int(of.place(value) * cells), 0), cells - 1)
