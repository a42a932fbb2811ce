"""What the loss chart shows of a run's history: which curves, in whose colours, on what axes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from core.racing.standing import Measure
from core.snapshot import Curve, History, Moment, Phase
from tui.display import Look
from tui.format import count
from tui.strategies import SHOWN
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
    upright,
    x_axis,
    y_axis,
)
from tui.widgets.wish import Limits, Wish


def compose(history: History, now: Moment, wish: Wish, limits: Limits) -> Chart:
    """The chart that `wish` asks for, at most two points of a curve to a column."""
    x = x_axis(now.on(wish.clock), wish, limits)
    curve = wish.measure.curve(history, wish.clock)
    tested = placed(Measure.TEST_LOSS.curve(history, wish.clock), x)
    shown = [thinned(placed(curve, x), wish.measure, columns(wish))]
    if wish.measure is Measure.LOSS:
        shown.append(thinned(tested, Measure.TEST_LOSS, columns(wish)))
    y = y_axis(shown, wish, limits)
    frame = Frame(wish.width, wish.height, x, y, wish.markers.dots)
    if not frame.fits:
        return Chart(frame)
    stretches = _visible(history.phases, frame, wish)
    drawn = [*_curves(curve, stretches, frame, wish)]
    if wish.measure is Measure.LOSS:
        # Few enough test points to leave the line beneath them in sight.
        tests = thinned(tested, Measure.TEST_LOSS, frame.across, 4 * frame.dots[0])
        drawn += layers(in_cells(points(tests, frame), frame), wish.markers.test, None, False)
    marks = [stretch.named(frame, wish.ascii) for stretch in stretches]
    # Accuracy rises to the top, where the names would be in its way.
    low = wish.measure is Measure.ACCURACY
    return Chart(frame, drawn, marks, low, wish.ink.axes, wish.ascii)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A phase wide enough to be seen; the entries `after` and up to `until` are its own."""

    phase: Phase
    at: float
    after: float
    until: float
    dark: bool

    @property
    def look(self) -> Look:
        return SHOWN[self.phase.strategy].look

    @property
    def colour(self) -> str:
        return self.look.colour.on(dark=self.dark)

    def named(self, frame: Frame, ascii: bool) -> Named:
        phase = self.phase
        sized = phase.strategy == "mini-batch"
        name = f"{phase.strategy} {count(phase.batch_size)}" if sized else phase.strategy
        return Named(frame.x.place(self.at), self.look.mark(ascii), name, self.colour)

    def part(self, curve: Curve) -> Curve:
        inside = (curve.x > self.after) & (curve.x <= self.until)
        arrays = (curve.x, curve.mean, curve.low, curve.high, curve.last, curve.count)
        return Curve(*(each[inside] for each in arrays))


def _visible(phases: tuple[Phase, ...], frame: Frame, wish: Wish) -> list[_Stretch]:
    """The phases, without those that begin in the same column as the one after them."""
    starts = [phase.start.on(wish.clock) for phase in phases]
    columns = [frame.column(frame.x.place(start)) for start in starts]
    kept = [i for i, c in enumerate(columns) if i + 1 == len(columns) or columns[i + 1] > c]
    bounds = [-math.inf, *(starts[i] for i in kept[1:]), math.inf]
    return [
        _Stretch(phases[i], starts[i], after, until, wish.ink.dark)
        for i, (after, until) in zip(kept, pairwise(bounds), strict=True)
    ]


def _curves(curve: Curve, stretches: list[_Stretch], frame: Frame, wish: Wish) -> Iterator[Layer]:
    """Bands first, then the switches, then the lines, so that what matters lies on top."""
    parts = [(stretch, placed(stretch.part(curve), frame.x)) for stretch in stretches]
    if wish.measure is Measure.LOSS:
        for stretch, part in parts:
            yield from band(part, stretch.colour, frame, wish, frame.dots[0])
    for stretch in stretches[1:]:
        yield from upright(frame.x.place(stretch.at), stretch.colour, frame, wish)
    joint: list[Group] = []  # where the line before ended, so that the curve does not break
    for stretch, part in parts:
        dots = points(thinned(part, wish.measure, frame.across), frame)
        yield from layers(joint + dots, wish.markers.line, stretch.colour)
        if wish.measure is not Measure.LOSS and len(dots) <= frame.columns // 3:
            yield from layers(in_cells(dots, frame), wish.markers.test, stretch.colour, False)
        joint = dots[-1:] or joint
