"""The panel of the loss: every update as a sparkline, the whole run as a chart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TypeVar

from textual.app import ComposeResult
from textual.color import Color
from textual.content import Content
from textual.events import Resize
from textual.getters import query_one
from textual.message import Message

from core.snapshot import Clock, RunView, State
from tui.display import Display
from tui.format import number, plural
from tui.strategies import SHOWN
from tui.widgets.chart import draw
from tui.widgets.lines import Lines
from tui.widgets.loss_chart import (
    ASCII,
    COLOURLESS,
    UNICODE,
    Ink,
    Limits,
    Markers,
    Measure,
    Wish,
    compose,
)
from tui.widgets.panel import Panel
from tui.widgets.sparkline import Sparkline

_TINT = 0.15  # of the strategy's colour over the ground, in the band
_PATTERN = 0.45  # the same where the band is a pattern
_MOST_OFTEN = 1.0  # seconds between two drawings of the chart
_SHARE = 10  # drawing may take one part in so many of the time, on a slow machine

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """What the person chose to see of the history."""

    measure: Measure = Measure.LOSS
    clock: Clock = Clock.SECONDS  # each strategy takes the room that it takes of one's time
    log: bool = False


class LossChart(Lines):
    """The chart, drawn again only when what it shows has changed, and not too often.

    Of a drawing, only the lines that differ from the one before are painted.

    `drawings` counts how often it was drawn, `points` what plotext was given last.
    """

    DEFAULT_CSS = "LossChart { height: 1fr; width: 1fr; min-height: 4; }"

    class Resized(Message):
        """The room for the chart has changed."""

    def __init__(self, display: Display, now: Callable[[], float]) -> None:
        super().__init__()
        self._display = display
        self._now = now
        self._limits = Limits()
        self._drawn: object = None
        self._phases: object = None
        self._free_at = 0.0
        self.drawings = 0
        self.points = 0

    def show(self, run: RunView, view: View, *, at_once: bool = False) -> None:
        """Draw `run`, unless it stands there already; while it trains, only now and then.

        A switch of the strategy is news, and drawn at once.
        """
        wish = Wish(
            view.measure,
            view.clock,
            view.log,
            self.size.width,
            self.size.height,
            self._markers,
            self._ink,
        )
        due = (run.name, run.history.revision, run.history.phases, wish)
        news = at_once or run.history.phases != self._phases
        waits = run.state is State.RUNNING and self._now() < self._free_at and not news
        if waits or due == self._drawn:
            return
        self._drawn, self._phases = due, run.history.phases
        began = self._now()
        chart = compose(run.history, run.at, wish, self._limits)
        self.write(*map(Content.from_rich_text, draw(chart)))
        self.drawings += 1
        self.points = chart.points
        cost = self._now() - began
        self._free_at = began + max(_MOST_OFTEN, _SHARE * cost)

    def legend(self, strategy: str) -> Content:
        """What the signs mean, the band as it looks under `strategy`."""
        signs = self._markers
        line = "⠒⠒" if signs.line == "braille" else signs.line
        band = (signs.band, self._ink.bands[strategy])
        return Content.assemble(line, " mean  ", band, " lowest to highest  ", signs.test, " test")

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    @property
    def _markers(self) -> Markers:
        if self._display.ascii:
            return ASCII
        return COLOURLESS if self.app.no_color else UNICODE

    @property
    def _ink(self) -> Ink:
        _, _, ground, text = self.colors
        strength = _TINT if self._markers is UNICODE else _PATTERN
        dark = self.app.current_theme.dark
        bands = {
            name: ground.blend(Color.parse(shown.look.colour.on(dark=dark)), strength).hex6
            for name, shown in SHOWN.items()
        }
        return Ink(dark, ground.blend(text, 0.7).hex6, bands)


class LossPanel(Panel):
    """How the loss goes down: what is drawn, against what, and on which scale can be chosen."""

    TITLE = "Training loss"

    sparkline = query_one(Sparkline)
    chart = query_one(LossChart)
    latest: query_one[Lines] = query_one("#latest", Lines)
    keys: query_one[Lines] = query_one("#keys", Lines)
    view = View()
    _run: RunView | None = None

    def compose(self) -> ComposeResult:
        yield Sparkline(self._display)
        yield Lines(id="latest", classes="caption")
        yield LossChart(self._display, self._now)
        yield Lines(id="keys", classes="caption")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw_again())

    def show(self, run: RunView) -> None:
        self._run = run
        self._draw(run)

    def next_measure(self) -> None:
        """Training loss, then test loss, then test accuracy."""
        self._choose(replace(self.view, measure=_after(self.view.measure, list(Measure))))

    def next_clock(self) -> None:
        """Updates, then examples, then seconds of training."""
        self._choose(replace(self.view, clock=_after(self.view.clock, list(Clock))))

    def toggle_log(self) -> None:
        self._choose(replace(self.view, log=not self.view.log))

    def _choose(self, view: View) -> None:
        self.view = view
        self.entitle(view.measure.heading)
        self._draw_again()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height < 10, "-low")
        self.sparkline.set_class(event.size.height >= 18, "-tall")

    def on_loss_chart_resized(self) -> None:
        self._draw_again()

    def _draw_again(self) -> None:
        if self._run is not None:
            self._draw(self._run, at_once=True)

    def move(self, run: RunView) -> list[float]:
        """Draw the latest updates alone; returns their losses."""
        latest: list[float] = run.recent[-max(self.sparkline.size.width, 1) :].tolist()
        self.sparkline.show(latest, _colours(run, len(latest), dark=self._dark))
        return latest

    def _draw(self, run: RunView, *, at_once: bool = False) -> None:
        self.latest.write(Content(_range(self.move(run))))
        self.keys.write(self._keys(run))
        self.report(_facts(run))
        if at_once:
            self.chart.show(run, self.view, at_once=True)
        else:  # it takes longest: what somebody may be waiting for is painted before it
            self.call_after_refresh(self.chart.show, run, self.view)

    def _keys(self, run: RunView) -> Content:
        """What is drawn, with the keys that change it; then, given room, what the signs mean."""
        view = self.view
        scale = "log y" if view.log else "linear y"
        scaled = "" if view.measure is Measure.ACCURACY else f"  {scale} [y]"
        keys = f"{view.clock} [x]{scaled}  {view.measure} [m]"
        legend = self.chart.legend(run.config.strategy) if view.measure is Measure.LOSS else ""
        gap = self.content_size.width - len(keys) - len(legend)
        return Content.assemble(keys, " " * gap, legend) if legend and gap >= 3 else Content(keys)


def _after(value: T, values: Sequence[T]) -> T:
    return values[(values.index(value) + 1) % len(values)]


def _colours(run: RunView, count: int, *, dark: bool) -> list[str]:
    """The colour of each of the `count` latest updates: that of the strategy that made it."""
    phases = run.history.phases
    starts = [phase.start.updates for phase in phases]
    earlier = range(run.at.updates - count, run.at.updates)  # updates made before each of them
    made_in = (phases[max(bisect_right(starts, updates) - 1, 0)] for updates in earlier)
    return [SHOWN[phase.strategy].look.colour.on(dark=dark) for phase in made_in]


def _range(latest: Sequence[float]) -> str:
    """The sparkline's range in numbers, since its height alone says nothing."""
    finite = [value for value in latest if isfinite(value)]
    if not finite:
        return "the loss of every update will stand here"
    low, high = number(min(finite)), number(max(finite))
    return f"latest {plural(len(latest), 'update')}: {low:>8} to {high:>6}"


def _facts(run: RunView) -> str:
    test = f", test {number(run.evaluation.loss):>5}" if run.evaluation else ""
    return f"training {number(run.train_loss):>5}{test}"
