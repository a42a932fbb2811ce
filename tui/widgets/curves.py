"""From curves to what a chart draws: points few enough, lines, bands, and an axis for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from core.racing.standing import Measure
from core.snapshot import Clock, Curve
from tui.widgets import axis
from tui.widgets.axis import Axis
from tui.widgets.chart import Frame, Layer
from tui.widgets.reduce import reduce
from tui.widgets.wish import Limits, Wish

Y_COLUMNS = 7  # a guess at the columns of a y label and the axis, before the labels are known
_LEAST = {Clock.UPDATES: 10.0, Clock.EXAMPLES: 10.0, Clock.SECONDS: 1.0}  # that an x axis spans
_TICK_COLUMNS = 9

Place = tuple[float, float]
Group = tuple[Place, ...]  # what one entry of a curve draws; empty is a gap


def columns(wish: Wish) -> int:
    """About so many columns are left for the curves."""
    return max(wish.width - Y_COLUMNS, 2)


def x_axis(farthest: float, wish: Wish, limits: Limits) -> Axis:
    """An axis from 0 to a round number that covers `farthest`."""
    end = limits.settle(wish.clock, max(farthest, _LEAST[wish.clock]))
    suffix = " s" if wish.clock is Clock.SECONDS else ""
    return axis.linear(0.0, end, most=ticks(wish), suffix=suffix)


def ticks(wish: Wish) -> int:
    """How many ticks an x axis has room for."""
    return max(columns(wish) // _TICK_COLUMNS, 2)


def y_axis(shown: Iterable[Curve], wish: Wish, limits: Limits, ceiling: float = math.inf) -> Axis:
    """An axis for what is drawn, not for single updates that the means smooth out.

    What is above the `ceiling` does not raise it.
    """
    values = [min(v, ceiling) for curve in shown for v in curve.mean.tolist() if math.isfinite(v)]
    most = min(max((wish.height - 2) // 3, 2), 8)
    if wish.measure is Measure.ACCURACY:
        return axis.shares(min(values, default=0.0), most)
    positive = [v for v in values if v > 0]
    if wish.log and positive:
        return axis.logarithmic(min(positive), max(positive), most)
    rows = max(wish.height - 2, 2)
    headroom = rows / (rows - 1)  # the first row is for the names of the marks
    high = limits.settle(wish.measure, headroom * max(values, default=1.0))
    return axis.linear(0.0, high, most)


def placed(curve: Curve, x: Axis) -> Curve:
    """`curve` with places on the axis `x` in place of its values; NaN where there is none."""
    import numpy as np

    if not x.log:
        return replace(curve, x=(curve.x - x.low) / (x.high - x.low))
    low, high = np.log([x.low, x.high])  # math.log may differ in the last bit
    logarithms = np.log(np.where(curve.x > 0, curve.x, np.nan))
    return replace(curve, x=(logarithms - low) / (high - low))


def thinned(curve: Curve, measure: Measure, dots: int, together: int = 1) -> Curve:
    """A placed `curve` as far as there is room: of several tests at one place, the last.

    The mean of two tests would be a value that no test ever gave. Training losses are averaged.
    """
    fewer = reduce(curve, 0.0, 1.0, dots, together)
    return fewer if measure is Measure.LOSS else replace(fewer, mean=fewer.last)


def points(curve: Curve, frame: Frame) -> list[Group]:
    """Where the values of a placed curve are drawn."""
    return [_point(x, y, frame) for x, y in zip(curve.x.tolist(), curve.mean.tolist(), strict=True)]


def _point(x: float, y: float, frame: Frame) -> Group:
    """Held at the edges of the canvas; nothing if the value has no place."""
    where = frame.y.place(y)
    return () if math.isnan(where) else ((x, min(max(where, 0.0), 1.0)),)


def bars(curve: Curve, frame: Frame) -> list[Group]:
    """From the lowest to the highest value and, next, back: one line that fills the band."""
    made: list[Group] = []
    rows = zip(curve.x.tolist(), curve.low.tolist(), curve.high.tolist(), strict=True)
    for x, low, high in rows:
        top = _point(x, high, frame)
        # A loss of 0 has no place on a logarithmic axis; its bar reaches the lower edge.
        bar = top and (*(_point(x, low, frame) or ((x, 0.0),)), *top)
        made.append(bar if len(made) % 2 else bar[::-1])
    return made


def in_cells(groups: Iterable[Group], frame: Frame) -> list[Group]:
    """The same for a marker that fills a cell."""
    return [tuple(frame.in_cell(*place) for place in group) for group in groups]


def layers(
    groups: Iterable[Group], marker: str, colour: str | None, joined: bool = True
) -> Iterator[Layer]:
    """A layer for each stretch of `groups` without a gap."""
    for there, unbroken in groupby(groups, key=bool):
        if there:
            places = [place for group in unbroken for place in group]
            xs, ys = zip(*places, strict=True)
            yield Layer(xs, ys, marker, colour, joined)


def band(curve: Curve, colour: str, frame: Frame, wish: Wish, together: int) -> Iterator[Layer]:
    """A placed curve's lowest to highest values, as the ground behind the line of `colour`."""
    drawn = bars(reduce(curve, 0.0, 1.0, frame.across, together), frame)
    tint = wish.ink.bands.get(colour, colour)
    return layers(in_cells(drawn, frame), wish.markers.band, tint)


def upright(at: float, colour: str, frame: Frame, wish: Wish) -> Iterator[Layer]:
    """A mark across the whole height, at the place `at`."""
    edge = in_cells([((at, 0.0), (at, 1.0))], frame)
    return layers(edge, wish.markers.switch, colour)
