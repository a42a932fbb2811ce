"""The panel of the loss: every update as a sparkline, the whole run or all runs as a chart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import TypeVar

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.getters import query_one

from core.racing.standing import Measure
from core.snapshot import Clock, RunView
from tui.company import Company
from tui.format import number, plural
from tui.strategies import SHOWN
from tui.widgets.ahead import ahead
from tui.widgets.fit import fullest
from tui.widgets.legend import legend
from tui.widgets.lines import Lines
from tui.widgets.loss_view import LossChart, View
from tui.widgets.overlay_chart import needs_log_x
from tui.widgets.panel import Panel
from tui.widgets.sparkline import Sparkline

_TALL = 18  # lines from which there is room for the sparkline also above several runs
_NAMES_TWICE = 12  # lines from which their names may take two

T = TypeVar("T")


class LossPanel(Panel):
    """How the loss goes down: what is drawn, against what, and on which scale can be chosen."""

    TITLE = "Training loss"
    LOOKS_BACK = True

    sparkline = query_one(Sparkline)
    chart = query_one(LossChart)
    latest: query_one[Lines] = query_one("#latest", Lines)
    names: query_one[Lines] = query_one("#names", Lines)
    keys: query_one[Lines] = query_one("#keys", Lines)
    view = View()
    _log_clocks: frozenset[Clock] = frozenset()  # on which x is logarithmic, for several runs
    _run: RunView | None = None
    _company: Company | None = None  # of several runs; None while there is one to draw
    _looked_at: object = None  # the run and the moment of it

    def compose(self) -> ComposeResult:
        yield Sparkline(self._display)
        yield Lines(id="latest", classes="caption")
        yield Lines(id="names")
        yield LossChart(self._display, self._now)
        yield Lines(id="keys", classes="caption")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw_again())

    def show(self, run: RunView) -> None:
        self._draw_new(run, None)

    def show_company(self, company: Company) -> None:
        """One run, or several over each other."""
        if len(company.visible) == 1:
            self.show(company.run)
        else:
            self._draw_new(company.run, company)

    def next_measure(self) -> None:
        """Training loss, then test loss, then test accuracy, where there is one."""
        of_classes = self._run is None or bool(self._run.data.classes)
        offered = [each for each in Measure if of_classes or each is not Measure.ACCURACY]
        self._choose(replace(self.view, measure=_after(self.view.measure, offered)))

    def choose_clock(self, clock: Clock) -> None:
        self._choose(replace(self.view, clock=clock))

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
        self.set_class(event.size.height >= _TALL, "-tall")

    def on_unhurried_resized(self) -> None:
        self._draw_again()

    def _draw_again(self) -> None:
        if self._run is not None:
            self._draw(self._run, at_once=True)

    def move(self, run: RunView) -> list[float]:
        """Draw the latest updates alone; returns their losses."""
        latest: list[float] = run.recent[-max(self.sparkline.size.width, 1) :].tolist()
        self.sparkline.show(latest, _colours(run, len(latest), dark=self._dark))
        return latest

    def _draw_new(self, run: RunView, company: Company | None) -> None:
        """Draw what has changed; another moment of the run at once."""
        before, self._looked_at = self._looked_at, (run.id, run.glimpse)
        self._run, self._company = run, company
        self._draw(run, at_once=before is not None and before != self._looked_at)

    def _draw(self, run: RunView, *, at_once: bool = False) -> None:
        self.set_class(self._company is not None, "-several")
        self.latest.write(Content(_range(self.move(run))))
        if self._company is None:
            self.keys.write(self._keys(self.chart.legend(run.config.strategy)))
            self.report(_facts(run))
            self._follow(at_once, partial(self.chart.show, run, self.view))
        else:
            self._draw_several(self._company, at_once)

    def _draw_several(self, company: Company, at_once: bool) -> None:
        view, width = self.view, self.content_size.width
        most = 2 if self.content_size.height >= _NAMES_TWICE else 1
        names = legend(company, width, most, display=self._display, dark=self._dark)
        self.names.set_class(len(names) == 2, "-two")
        self.names.write(*names)
        log_x = self._needs_log_x(company, view.clock)
        band = self.chart.legend_of_band(company.looks[company.run.id])
        self.keys.write(self._keys(band, log_x=log_x))
        self.report(ahead(company, view.clock, view.measure, self._display, width - 2))
        self._follow(at_once, partial(self.chart.show_several, company, view, log_x=log_x))

    def _needs_log_x(self, company: Company, clock: Clock) -> bool:
        log_x = needs_log_x(clock in self._log_clocks, company.visible, clock)
        self._log_clocks = self._log_clocks - {clock} | ({clock} if log_x else set())
        return log_x

    def _follow(self, at_once: bool, draw: Callable[..., None]) -> None:
        """Draw the chart; it takes longest, so what else somebody may wait for is painted first."""
        if at_once:
            draw(at_once=True)
        else:
            self.call_after_refresh(draw)

    def _keys(self, legend: Content, *, log_x: bool = False) -> Content:
        """What is drawn, with the keys that change it; then, given room, what the signs mean."""
        view, width = self.view, self.content_size.width
        scale = "log" if view.log else "linear"
        has_scale = view.measure is not Measure.ACCURACY
        keys = fullest(
            width,
            f"{view.clock} [x]{', log x' if log_x else ''}"
            f"{f'  {scale} y [y]' if has_scale else ''}  {view.measure} [m]",
            f"{view.clock}{' log' if log_x else ''} [x]"
            f"{f'  {scale} [y]' if has_scale else ''}  {view.measure} [m]",
        )
        gap = width - len(keys) - len(legend)
        explained = view.measure is Measure.LOSS and gap >= 3
        return Content.assemble(keys, " " * gap, legend) if explained else Content(keys)


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
