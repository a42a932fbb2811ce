"""The learning-rate finder: the range test as it goes on, its curve, and a rate to take from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.getters import query_one

from core.commands import Change, StopFinding
from core.finding import Ended, Finding
from core.snapshot import Snapshot
from tui.action import Host
from tui.display import Display
from tui.format import compact, count, duration, percent, plural
from tui.screens.dialogs import Dialog
from tui.widgets.bar import thin_bar
from tui.widgets.fit import cut, fullest
from tui.widgets.lines import Lines
from tui.widgets.rate_chart import RateChart, taken

_ROOMY = 26  # lines from which there is room for empty ones
_FIGURES = 6  # columns of "100 % "


class FinderDialog(Dialog):
    """Shows what is found for a run; answers with the commands that follow from it.

    Enter takes the rate that is chosen: at first the one suggested. Escape leaves all as it was.
    """

    BINDINGS = [
        Binding("escape", "leave", "leave"),
        Binding("enter", "take", "take the rate"),
        Binding("left", "move(-1)", "a lower rate"),
        Binding("right", "move(1)", "a higher rate"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_ROOMY, "-roomy")]

    chart = query_one(RateChart)
    said: query_one[Lines] = query_one("#said", Lines)

    def __init__(self, display: Display, now: Callable[[], float], asked: Snapshot) -> None:
        """`asked` is the engine's snapshot when the selected run was asked for."""
        run = asked.run
        assert run is not None
        super().__init__(display.text(f"learning rate: a range test on a copy of {run.name}"))
        self._display = display
        self._now = now
        self._run = run.id
        self._notice = asked.notice
        self._finding: Finding | None = None
        self._present = run.config.learning_rate
        self._chosen: int | None = None  # a point of the curve

    def body(self) -> ComposeResult:
        yield RateChart(self._display, self._now)
        yield Lines(id="said")

    def on_mount(self) -> None:
        self.set_interval(1 / self._display.fps, self.pull)
        self.call_after_refresh(self.pull)

    def pull(self) -> None:
        """Show what the engine has found by now; leave if it refused to look."""
        snapshot = cast(Host, self.app).engine.snapshot
        run = next((each for each in snapshot.runs if each.id == self._run), None)
        if run is None or (run.finding is None and snapshot.notice != self._notice):
            self.dismiss(())
        elif run.finding is not None and run.finding is not self._finding:
            self._finding, self._present = run.finding, run.config.learning_rate
            if self._finding.suggestion is not None:
                self._chosen = self._finding.rates.index(self._finding.suggestion)
            self.draw()

    def draw(self) -> None:
        """Draw what was found; every part compares before it paints."""
        finding = self._finding
        if finding is not None:
            self.chart.show(finding, self._present, self._chosen)
            told = self._under_way(finding) if finding.under_way else self._told(finding)
            self.said.write(*told)

    def on_unhurried_resized(self) -> None:
        self.draw()

    def action_leave(self) -> None:
        self.dismiss((StopFinding(),))

    def action_take(self) -> None:
        if self._finding is not None and self._chosen is not None:
            rate = taken(self._finding, self._chosen)
            self.dismiss((StopFinding(), Change("lr", rate)))

    def action_move(self, step: int) -> None:
        """Choose the next point of the curve; at first, the one nearest to the present rate."""
        finding = self._finding
        if finding is None or finding.under_way or not finding.rates:
            return
        if self._chosen is None:
            self._chosen = _nearest(finding, self._present)
        else:
            self._chosen = min(max(self._chosen + step, 0), len(finding.rates) - 1)
        self.draw()

    def _under_way(self, finding: Finding) -> list[Content]:
        width = self.said.size.width
        bar = thin_bar(finding.progress, max(1, width - _FIGURES), ascii=self._display.ascii)
        trying = f"trying {_rate(finding.reached)}, on the way from {_rate(finding.low)}"
        return [
            self._legend(),
            Content(f"{trying} to {_rate(finding.high)}; the run rests meanwhile"),
            bar + f"{percent(finding.progress, 0):>{_FIGURES}}",
            Content.styled("escape stops it", "$foreground-muted"),
        ]

    def _told(self, finding: Finding) -> list[Content]:
        width = self.said.size.width
        verdict = cut(_verdict(finding, width), width, self._display.ascii)
        return [
            self._legend(),
            Content(self._display.text(_made(finding, width))),
            Content.styled(self._display.text(verdict), "bold"),
            Content.styled(self._keys(finding, width), "$foreground-muted"),
        ]

    def _keys(self, finding: Finding, width: int) -> str:
        leave = f"escape leaves {_rate(self._present)}"
        if self._chosen is None:
            return f"left, right: choose one   {leave}" if finding.rates else leave
        take = f"enter takes {_rate(taken(finding, self._chosen))}"
        return fullest(width, f"{take}   left, right: another   {leave}", f"{take}   {leave}")

    def _legend(self) -> Content:
        ascii = self._display.ascii
        each, smooth, chosen = (".", "*", "o") if ascii else ("·", "⠒⠒", "◆")
        said = f"{each} loss at a rate   {smooth} smoothed   | now"
        taking = "" if self._chosen is None else f"   {chosen} enter takes it"
        return Content.styled(said + taking, "$foreground-muted")


def _nearest(finding: Finding, rate: float) -> int:
    """The point of the curve whose rate is nearest, on the logarithmic scale."""
    rates = finding.rates
    return min(range(len(rates)), key=lambda point: abs(math.log(rates[point] / rate)))


def _made(finding: Finding, width: int) -> str:
    """What it took, in one line."""
    tried = f"{count(len(finding.rates))} rates, {plural(finding.updates, 'update')}"
    brief = f"{tried}, {duration(finding.seconds)}, on a copy"
    full = f"{tried}, {plural(finding.examples, 'example')}, {duration(finding.seconds)}, on a copy"
    return fullest(width, f"{full}: the run is as it was", full, brief)


def _verdict(finding: Finding, width: int) -> str:
    """What the curve says, in one line: of so many columns, if it is not about a fault."""
    reached = _rate(finding.reached)
    if finding.ended_by is Ended.FAULT:
        return f"it ended at {reached}: {finding.trouble}"
    if not finding.rates:
        return f"the loss is not finite already at {reached}: no rate is suggested"
    diverged = finding.ended_by is Ended.DIVERGED
    end = f"diverges at {reached}" if diverged else f"is finite up to {reached}"
    if finding.suggestion is None:
        none = f"the loss falls nowhere, but for chance, and {end}"
        return fullest(width, f"{none}: no rate is suggested", none, f"no rate suggested; it {end}")
    lowest = finding.rates[finding.smoothed.index(min(finding.smoothed))]
    told = f"falls fastest at {_rate(finding.suggestion)}, is lowest at {_rate(lowest)}, {end}"
    return fullest(
        width,
        f"the loss {told}",
        f"it {told}",
        f"fastest fall at {_rate(finding.suggestion)}, {end}",
    )


def _rate(rate: float) -> str:
    """A learning rate in two figures: 0.0061, 4.3e-5."""
    return compact(float(f"{rate:.2g}"))
