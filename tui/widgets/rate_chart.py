"""The chart of a range test: the loss at each learning rate, and the rates that matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content

from core.finding import Finding
from core.racing.standing import Measure
from core.snapshot import Clock
from tui.display import GREEN, ORANGE, SKY_BLUE, Display
from tui.format import compact
from tui.widgets import axis
from tui.widgets.axis import Axis
from tui.widgets.chart import Chart, Frame, Layer, Named, draw
from tui.widgets.curves import Group, in_cells, layers, ticks, upright
from tui.widgets.unhurried import Unhurried
from tui.widgets.wish import ASCII, UNICODE, Ink, Wish

_ROOM = 0.25  # above what counts, as a share of its height: the rest has diverged
_PRESENT = "|"


def taken(finding: Finding, point: int) -> float:
    """The rate of a point of the curve as a person would set it, in two figures."""
    return float(f"{finding.rates[point]:.2g}")


class RateChart(Unhurried):
    """Draws a finding; while it is under way only now and then."""

    def __init__(self, display: Display, now: Callable[[], float]) -> None:
        super().__init__(display, now)
        self._markers = ASCII if display.ascii else UNICODE

    def show(self, finding: Finding, present: float, chosen: int | None) -> None:
        """Draw the curve, the rate that is `present`, and the point that is `chosen`, if any."""
        _, _, ground, text = self.colors
        ink = Ink(self.app.current_theme.dark, ground.blend(text, 0.7).hex6)
        width, height = self.size
        wish = Wish(Measure.LOSS, Clock.UPDATES, False, width, height, self._markers, ink)

        def drawn() -> list[Content]:
            chart = compose(finding, present, chosen, wish)
            return [Content.from_rich_text(line) for line in draw(chart)]

        due = len(finding.rates), finding.ended_by, present, chosen, wish
        self.offer(due, drawn, can_wait=finding.under_way)


def compose(finding: Finding, present: float, chosen: int | None, wish: Wish) -> Chart:
    """The curve so far, against all the rates that the test may come to."""
    x = axis.logarithmic(finding.low, finding.high, ticks(wish))
    frame = Frame(wish.width, wish.height, x, _losses(finding, wish.height), wish.markers.dots)
    if not frame.fits:
        return Chart(frame)
    now, curve, best = (hue.on(dark=wish.ink.dark) for hue in (ORANGE, SKY_BLUE, GREEN))
    drawn: list[Layer] = []
    marks: list[Named] = []
    at = x.place(present)
    if 0 <= at <= 1:
        drawn += upright(at, now, frame, wish)
        marks.append(Named(at, _PRESENT, f"now {compact(present)}", now))
    each = in_cells(_places(finding.rates, finding.losses, frame), frame)
    drawn += layers(each, "." if wish.ascii else "·", wish.ink.axes, joined=False)
    drawn += layers(_places(finding.rates, finding.smoothed, frame), wish.markers.line, curve)
    if chosen is not None:
        here = _places([finding.rates[chosen]], [finding.smoothed[chosen]], frame)
        drawn += layers(in_cells(here, frame), wish.markers.test, best, joined=False)
        told = compact(taken(finding, chosen))
        marks.append(Named(x.place(finding.rates[chosen]), wish.markers.test, told, best))
    return Chart(frame, drawn, marks, axis_colour=wish.ink.axes, ascii=wish.ascii)


def _losses(finding: Finding, height: int) -> Axis:
    """An axis for what comes before the loss rises: how far that goes tells nothing."""
    most = min(max((height - 2) // 3, 2), 8)
    if not finding.rates:
        return axis.linear(0.0, 1.0, most)
    end = finding.smoothed.index(min(finding.smoothed)) + 1
    top, low = max(finding.losses[:end]), min(finding.losses + finding.smoothed)
    reach = max(_ROOM * (top - low), abs(low) if end == 1 else 0.0, 1e-9)
    high = axis.round_up(top + reach) if top + reach > 0 else top + reach
    return axis.linear(0.0 if 0 <= low < high / 2 else low - reach, high, most)


def _places(rates: Sequence[float], losses: Sequence[float], frame: Frame) -> list[Group]:
    """Where the losses stand, held at the edges of the canvas."""
    return [
        ((frame.x.place(rate), min(max(frame.y.place(loss), 0.0), 1.0)),)
        for rate, loss in zip(rates, losses, strict=True)
    ]
