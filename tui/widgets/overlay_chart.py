"""What the chart shows of several runs at once: each in its own look, and where forks part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from core.racing.standing import Measure
from core.snapshot import Clock, Curve, RunView
from tui.company import Company
from tui.display import Display, Look
from tui.widgets import axis
from tui.widgets.axis import Axis
from tui.widgets.chart import Chart, Frame, Layer, Named
from tui.widgets.curves import (
    Group,
    band,
    columns,
    in_cells,
    layers,
    placed,
    points,
    thinned,
    ticks,
    upright,
    x_axis,
    y_axis,
)
from tui.widgets.fit import cut, fullest
from tui.widgets.wish import Limits, Wish

POINTS = 450  # that plotext is given of all lines and the band together, about; it takes its time
_SIGN_COLUMNS = 26  # from one sign on a line to the next
_CLEAR = 5  # columns before the end of a line without another sign
_ROUNDING = 0.99  # a race ends a little after its budget, which does not lengthen the axis
_STARTS = 2.0  # times the highest first value: a run that diverges does not press the others flat


def needs_log_x(held: bool, runs: Iterable[RunView], clock: Clock) -> bool:
    """Whether some run got so much further that another would be a stroke at the chart's edge.

    Seconds are always linear: everybody knows how long they are.
    """
    if clock is Clock.SECONDS:
        return False
    return axis.needs_log(held, (run.at.on(clock) for run in runs))


@dataclass(frozen=True, slots=True)
class _Line:
    """A run as it is drawn: its curve from where it is its own, on the x axis."""

    run: RunView
    look: Look
    colour: str
    curve: Curve


def compose(company: Company, wish: Wish, limits: Limits) -> Chart:
    """The chart that `wish` asks for of the visible runs, the selected one on top.

    At most two points of a line to a column, fewer where there are many lines.
    """
    x = _x_axis(company.visible, wish, limits)
    lines = [_line(run, company, wish, x) for run in company.visible]
    lines.sort(key=lambda line: line.run.id == company.run.id)
    banded = wish.measure is Measure.LOSS
    shown = [thinned(line.curve, wish.measure, columns(wish)) for line in lines]
    y = y_axis(shown, wish, limits, _ceiling(shown, wish))
    frame = Frame(wish.width, wish.height, x, y, wish.markers.dots)
    if not frame.fits:
        return Chart(frame)
    drawn: list[Layer] = []
    if banded:
        drawn += band(lines[-1].curve, lines[-1].colour, frame, wish, frame.dots[0])
    marks = []
    for line in lines:
        if (fork := _fork(line, frame, wish)) is not None:
            marks.append(fork)
            drawn += upright(fork.at, line.colour, frame, wish)
    room = POINTS - sum(len(layer.x) for layer in drawn)
    together = max(1, math.ceil(frame.across * len(lines) / room))
    paths = [
        points(thinned(line.curve, wish.measure, frame.across, together), frame) for line in lines
    ]
    for line, path in zip(lines, paths, strict=True):
        marker = line.look.mark(wish.ascii) if wish.ascii else wish.markers.line
        drawn += layers(path, marker, line.colour)
    signs = _signs(lines, paths, frame, wish)
    marks.sort(key=lambda mark: mark.at)
    low = wish.measure is Measure.ACCURACY
    return Chart(frame, [*drawn, *signs], marks, low, wish.ink.axes, wish.ascii)


def _signs(
    lines: Sequence[_Line], paths: Sequence[Sequence[Group]], frame: Frame, wish: Wish
) -> Iterator[Layer]:
    """Each run's sign at the end of its line and now and then before, none beside another.

    The selected run, the last of the lines, has the first choice.
    """
    taken: set[tuple[int, int]] = set()
    for turn, (line, path) in enumerate(zip(reversed(lines), reversed(paths), strict=True)):
        shift = (2 * turn + 1) * _SIGN_COLUMNS // (2 * len(lines))
        due = frame.columns
        chosen: list[Group] = []
        for place in chain.from_iterable(reversed(path)):
            column, row = frame.column(place[0]), frame.row(place[1])
            cells = {(column + i, row) for i in (-1, 0, 1)}
            if column <= due and not taken & cells:
                taken |= cells
                chosen.append((place,))
                due = (column - _CLEAR - shift) // _SIGN_COLUMNS * _SIGN_COLUMNS + shift
        yield from layers(in_cells(chosen, frame), line.look.mark(wish.ascii), line.colour, False)


def _x_axis(runs: Sequence[RunView], wish: Wish, limits: Limits) -> Axis:
    farthest = max(run.at.on(wish.clock) for run in runs)
    if not wish.log_x:
        return x_axis(_ROUNDING * farthest, wish, limits)
    of_examples = wish.clock is Clock.EXAMPLES
    first = min(run.examples_per_update for run in runs) if of_examples else 1
    return axis.logarithmic(first, max(farthest, first), ticks(wish))


def _line(run: RunView, company: Company, wish: Wish, x: Axis) -> _Line:
    """A fork is drawn from its fork on, if its past is already drawn as its parent's."""
    import numpy as np

    look = company.looks[run.id]
    curve = wish.measure.curve(run.history, wish.clock)
    if run.forked_at is not None and any(run.parent == other.name for other in company.visible):
        at = run.forked_at.on(wish.clock)
        first = int(np.searchsorted(curve.x, at, side="right")) - 1  # it begins on its parent's
        arrays = (curve.x, curve.mean, curve.low, curve.high, curve.last, curve.count)
        curve = Curve(*(each[max(first, 0) :] for each in arrays))
    curve = placed(curve, x)
    held = replace(curve, x=np.where(curve.x * _ROUNDING <= 1, np.minimum(curve.x, 1), np.nan))
    return _Line(run, look, look.colour.on(dark=wish.ink.dark), held)


def _ceiling(shown: Sequence[Curve], wish: Wish) -> float:
    starts = [value for curve in shown for value in curve.mean[:1].tolist() if math.isfinite(value)]
    return math.inf if wish.measure is Measure.ACCURACY else _STARTS * max(starts, default=math.inf)


def _fork(line: _Line, frame: Frame, wish: Wish) -> Named | None:
    """The mark where a run left its parent, named by what it changed."""
    run = line.run
    if run.forked_at is None:
        return None
    at = frame.x.place(run.forked_at.on(wish.clock))
    if not 0 <= at <= 1:  # nor NaN
        return None
    said = run.parted_by or "fork"
    _, arrow, after = said.rpartition(" → ")
    most = frame.columns // 2
    fitting = fullest(most, said, f"→ {after}" if arrow else said)
    name = cut(Display(ascii=wish.ascii).text(fitting), most, wish.ascii)
    return Named(at, line.look.mark(wish.ascii), name, line.colour)
