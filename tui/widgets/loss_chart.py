"""What the loss chart shows of a run's history: which curves, in whose colours, on what axes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby, pairwise

from core.snapshot import Clock, Curve, History, Moment, Phase
from tui.display import Look
from tui.format import count
from tui.strategies import SHOWN
from tui.widgets import axis
from tui.widgets.axis import Axis
from tui.widgets.chart import WASH, Chart, Frame, Layer, Named
from tui.widgets.reduce import reduce

_Y_COLUMNS = 7  # a guess at the columns of a y label and the axis, before the labels are known
_LEAST = {Clock.UPDATES: 10.0, Clock.EXAMPLES: 10.0, Clock.SECONDS: 1.0}  # that an x axis spans


class Measure(StrEnum):
    """What can be drawn."""

    LOSS = "loss"  # of training, with its band, and the test loss as points
    TEST_LOSS = "test loss"
    ACCURACY = "accuracy"

    @property
    def heading(self) -> str:
        return {"loss": "Training loss", "accuracy": "Test accuracy"}.get(self, "Test loss")

    def curve(self, history: History, clock: Clock) -> Curve:
        return {
            Measure.LOSS: history.train_loss,
            Measure.TEST_LOSS: history.test_loss,
            Measure.ACCURACY: history.test_accuracy,
        }[self][clock]


@dataclass(frozen=True, slots=True)
class Markers:
    """The signs that tell the layers apart, also without colour."""

    line: str
    band: str
    test: str
    switch: str
    dots: tuple[int, int]  # that the line has in a character cell, across and up


# The band is a faint tint behind the line; without colours it must be a pattern.
UNICODE = Markers(line="braille", band=WASH, test="◆", switch="┊", dots=(2, 4))
COLOURLESS = replace(UNICODE, band="░")
ASCII = Markers(line="*", band=".", test="o", switch=":", dots=(1, 1))


@dataclass(frozen=True, slots=True)
class Ink:
    """What depends on the theme: a `dark` ground, the colours of the axes and of each band."""

    dark: bool = True
    axes: str | None = None
    bands: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn, how, and in how many character cells."""

    measure: Measure
    clock: Clock
    log: bool
    width: int
    height: int
    markers: Markers = UNICODE
    ink: Ink = field(default_factory=Ink)

    @property
    def ascii(self) -> bool:
        return self.markers is ASCII


class Limits:
    """The upper limits in use, remembered so that the axes are left rarely."""

    def __init__(self) -> None:
        self._held: dict[str, float] = {}

    def settle(self, name: str, needed: float) -> float:
        self._held[name] = axis.settle(self._held.get(name, 0.0), needed)
        return self._held[name]


def compose(history: History, now: Moment, wish: Wish, limits: Limits) -> Chart:
    """The chart that `wish` asks for, at most two points of a curve to a column."""
    end = limits.settle(wish.clock, max(now.on(wish.clock), _LEAST[wish.clock]))
    suffix = " s" if wish.clock is Clock.SECONDS else ""
    columns = max(wish.width - _Y_COLUMNS, 2)
    x = axis.linear(0.0, end, most=max(columns // 9, 2), suffix=suffix)
    curve = wish.measure.curve(history, wish.clock)
    tested = Measure.TEST_LOSS.curve(history, wish.clock)
    # The limits come from what is drawn, not from single updates that the means smooth out.
    shown = [_thinned(curve, wish.measure, end, columns)]
    if wish.measure is Measure.LOSS:
        shown.append(_thinned(tested, Measure.TEST_LOSS, end, columns))
    y = _y_axis(shown, wish, limits)
    frame = Frame(wish.width, wish.height, x, y, wish.markers.dots)
    if not frame.fits:
        return Chart(frame)
    stretches = _visible(history.phases, frame, wish)
    layers = [*_curves(curve, stretches, frame, wish)]
    if wish.measure is Measure.LOSS:
        # Few enough test points to leave the line beneath them in sight.
        tests = _thinned(tested, Measure.TEST_LOSS, end, frame.across, 4 * frame.dots[0])
        layers += _layers(_in_cells(_dots(tests, frame), frame), wish.markers.test, None, False)
    marks = [stretch.named(frame, wish.ascii) for stretch in stretches]
    # Accuracy rises to the top, where the names would be in its way.
    low = wish.measure is Measure.ACCURACY
    return Chart(frame, layers, marks, low, wish.ink.axes, wish.ascii)


def _thinned(curve: Curve, measure: Measure, end: float, dots: int, together: int = 1) -> Curve:
    """`curve` as far as there is room: training losses as their mean, of several tests the last.

    The mean of two tests would be a value that no test ever gave.
    """
    thinned = reduce(curve, 0.0, end, dots, together)
    return thinned if measure is Measure.LOSS else replace(thinned, mean=thinned.last)


def _y_axis(shown: list[Curve], wish: Wish, limits: Limits) -> Axis:
    values = [v for curve in shown for v in curve.mean.tolist() if math.isfinite(v)]
    most = min(max((wish.height - 2) // 3, 2), 8)
    if wish.measure is Measure.ACCURACY:
        return axis.shares(min(values, default=0.0), most)
    positive = [v for v in values if v > 0]
    if wish.log and positive:
        return axis.logarithmic(min(positive), max(positive), most)
    rows = max(wish.height - 2, 2)
    headroom = rows / (rows - 1)  # the first row is for the names of the switches
    high = limits.settle(wish.measure, headroom * max(values, default=1.0))
    return axis.linear(0.0, high, most)


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
    parts = [(stretch, stretch.part(curve)) for stretch in stretches]
    end = frame.x.high
    if wish.measure is Measure.LOSS:
        for stretch, part in parts:
            colour = wish.ink.bands.get(stretch.phase.strategy, stretch.colour)
            band = reduce(part, 0.0, end, frame.across, frame.dots[0])
            yield from _layers(_in_cells(_bars(band, frame), frame), wish.markers.band, colour)
    for stretch in stretches[1:]:
        at = frame.x.place(stretch.at)
        edge = _in_cells([((at, 0.0), (at, 1.0))], frame)
        yield from _layers(edge, wish.markers.switch, stretch.colour)
    joint: list[_Group] = []  # where the line before ended, so that the curve does not break
    for stretch, part in parts:
        dots = _dots(_thinned(part, wish.measure, end, frame.across), frame)
        yield from _layers(joint + dots, wish.markers.line, stretch.colour)
        if wish.measure is not Measure.LOSS and len(dots) <= frame.columns // 3:
            yield from _layers(_in_cells(dots, frame), wish.markers.test, stretch.colour, False)
        joint = dots[-1:] or joint


_Place = tuple[float, float]
_Group = tuple[_Place, ...]  # what one entry of a curve draws; empty is a gap


def _place(x: float, y: float, frame: Frame) -> _Group:
    """Where a value is drawn, held at the edges of the canvas; nothing if it has no place."""
    where = frame.y.place(y)
    return () if math.isnan(where) else ((frame.x.place(x), min(max(where, 0.0), 1.0)),)


def _dots(curve: Curve, frame: Frame) -> list[_Group]:
    pairs = zip(curve.x.tolist(), curve.mean.tolist(), strict=True)
    return [_place(x, y, frame) for x, y in pairs]


def _in_cells(groups: list[_Group], frame: Frame) -> list[_Group]:
    """The same for a marker that fills a cell."""
    return [tuple(frame.in_cell(*place) for place in group) for group in groups]


def _bars(curve: Curve, frame: Frame) -> list[_Group]:
    """From the lowest to the highest value and, next, back: one line that fills the band."""
    bars: list[_Group] = []
    rows = zip(curve.x.tolist(), curve.low.tolist(), curve.high.tolist(), strict=True)
    for x, low, high in rows:
        top = _place(x, high, frame)
        # A loss of 0 has no place on a logarithmic axis; its bar reaches the lower edge.
        bar = top and (*(_place(x, low, frame) or ((frame.x.place(x), 0.0),)), *top)
        bars.append(bar if len(bars) % 2 else bar[::-1])
    return bars


def _layers(
    groups: list[_Group], marker: str, colour: str | None, joined: bool = True
) -> Iterator[Layer]:
    """A layer for each stretch of `groups` without a gap."""
    for there, unbroken in groupby(groups, key=bool):
        if there:
            places = [place for group in unbroken for place in group]
            xs, ys = zip(*places, strict=True)
            yield Layer(xs, ys, marker, colour, joined)
