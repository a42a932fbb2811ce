"""The chart of the loss on the screen: of one run, or of several over each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.color import Color
from textual.content import Content

from core.racing.standing import Measure
from core.snapshot import Clock, RunView, State
from tui.company import LOOKS, Company
from tui.display import Display, Look
from tui.strategies import SHOWN
from tui.widgets.chart import Chart, draw
from tui.widgets.loss_chart import compose
from tui.widgets.overlay_chart import compose as compose_overlay
from tui.widgets.unhurried import Unhurried
from tui.widgets.wish import ASCII, COLOURLESS, UNICODE, Ink, Limits, Markers, Wish

_TINT = 0.15  # of the line's colour over the ground, in the band
_PATTERN = 0.45  # the same where the band is a pattern


@dataclass(frozen=True, slots=True)
class View:
    """What the person chose to see of the history."""

    measure: Measure = Measure.LOSS
    clock: Clock = Clock.SECONDS  # each strategy takes the room that it takes of one's time
    log: bool = False


class LossChart(Unhurried):
    """The chart; `points` is how many plotext was given last."""

    def __init__(self, display: Display, now: Callable[[], float]) -> None:
        super().__init__(display, now)
        self._limits = Limits()
        self._phases: object = None
        self.points = 0

    def show(self, run: RunView, view: View, *, at_once: bool = False) -> None:
        """Draw `run`, unless it stands there already; while it trains, only now and then.

        A switch of the strategy is news, and drawn at once.
        """
        wish = self._wish(view, log_x=False)
        history = run.history
        news = at_once or history.phases != self._phases
        self._phases = history.phases
        self.offer(
            (run.name, history.revision, history.phases, wish),
            lambda: self._drawn_of(compose(history, run.at, wish, self._limits)),
            can_wait=run.state is State.RUNNING and not news,
        )

    def show_several(
        self, company: Company, view: View, *, log_x: bool, at_once: bool = False
    ) -> None:
        """Draw the visible runs over each other; while any trains, only now and then."""
        wish = self._wish(view, log_x=log_x)
        runs = company.visible
        looks = [company.looks[run.id] for run in runs]
        forks = [(run.id, run.name, run.parted_by) for run in runs]
        self.offer(
            (company.run.id, forks, looks, [run.history.revision for run in runs], wish),
            lambda: self._drawn_of(compose_overlay(company, wish, self._limits)),
            can_wait=any(run.state is State.RUNNING for run in runs) and not at_once,
        )

    def legend(self, strategy: str) -> Content:
        """What the signs mean, the band as it looks under `strategy`."""
        signs = self._markers
        line = "⠒⠒" if signs.line == "braille" else signs.line
        band = self._band(SHOWN[strategy].look)
        return Content.assemble(line, " mean  ", band, " lowest to highest  ", signs.test, " test")

    def legend_of_band(self, look: Look) -> Content:
        """The same for several runs, where only the one of this look has a band."""
        sign = (look.mark(self._display.ascii), look.colour.on(dark=self._ink.dark))
        return Content.assemble(self._band(look), " lowest to highest of ", sign)

    def _band(self, look: Look) -> tuple[str, str]:
        ink = self._ink
        return self._markers.band, ink.bands[look.colour.on(dark=ink.dark)]

    def _drawn_of(self, chart: Chart) -> list[Content]:
        self.points = chart.points
        return [Content.from_rich_text(line) for line in draw(chart)]

    def _wish(self, view: View, *, log_x: bool) -> Wish:
        width, height = self.size
        return Wish(
            view.measure, view.clock, view.log, width, height, self._markers, self._ink, log_x
        )

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
            colour: ground.blend(Color.parse(colour), strength).hex6
            for colour in (look.colour.on(dark=dark) for look in LOOKS)
        }
        return Ink(dark, ground.blend(text, 0.7).hex6, bands)
