"""All panels, each in its place: which are in view, which is in front, which has it all."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.events import Resize
from textual.layout import Layout
from textual.widget import Widget

from core.commands import ShowInstruments
from core.figures import Instrument
from core.snapshot import RunView
from tui import layout
from tui.company import Company
from tui.display import Display
from tui.format import count
from tui.widgets.confusion import ConfusionPanel
from tui.widgets.digit import DigitPanel
from tui.widgets.events import EventsPanel
from tui.widgets.explanation import ExplanationPanel
from tui.widgets.hyperparameters import HyperparametersPanel
from tui.widgets.layers import LayersPanel
from tui.widgets.loss import LossPanel
from tui.widgets.machine import MachinePanel
from tui.widgets.panel import Panel
from tui.widgets.path import PathPanel
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.progress import ProgressPanel
from tui.widgets.run_settings import RunSettingsPanel
from tui.widgets.runs import RunsPanel
from tui.widgets.strategy import StrategyPanel
from tui.widgets.tab_strip import TabStrip
from tui.widgets.timeline import TimelinePanel
from tui.widgets.trembling import TremblingPanel
from tui.widgets.verdicts import VerdictsPanel
from tui.widgets.weights import WeightsPanel

KINDS: dict[str, type[Panel]] = {
    "strategy": StrategyPanel,
    "hyperparameters": HyperparametersPanel,
    "run-settings": RunSettingsPanel,
    "loss": LossPanel,
    "runs": RunsPanel,
    "path": PathPanel,
    "verdicts": VerdictsPanel,
    "trembling": TremblingPanel,
    "progress": ProgressPanel,
    "events": EventsPanel,
    "timeline": TimelinePanel,
    "predictions": PredictionsPanel,
    "digit": DigitPanel,
    "explanation": ExplanationPanel,
    "layers": LayersPanel,
    "weights": WeightsPanel,
    "confusion": ConfusionPanel,
    "machine": MachinePanel,
}


def panel_keys() -> list[tuple[str, str]]:
    """The keys that work in some panel only, and what they do there."""
    return [*dict.fromkeys(row for kind in KINDS.values() for row in kind.KEYS_HELP)]


def _dates(company: Company) -> tuple[str, ...]:
    """As of when the panels are that look back, in more words and in fewer; none if as of now."""
    then = company.run.then
    if then is None:
        return ()
    when = f"update {count(then.at.updates)}"
    dates = f"as of {when}", when
    whose = f"{then.name} as of {when}", f"{then.name}, {when}"
    return (*whose, *dates) if len(company.runs) > 1 else dates


class Deck(Widget):
    """Places the panels by `tui.layout` and draws those that are in view."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._places = layout.PanelLayout()
        self._company: Company | None = None
        self._plan: tuple[layout.Place, ...] = ()
        self._fronts: dict[tuple[str, ...], str] = {}
        self._maximised: str | None = None
        self._measured: frozenset[Instrument] = frozenset()  # by request
        self.panels = {name: KINDS[name](display, id=name) for name in layout.PANELS}

    @property
    def layout(self) -> Layout:
        return self._places

    def compose(self) -> ComposeResult:
        yield from self.panels.values()
        yield TabStrip(id=layout.TAB_STRIP)

    def show(self, company: Company) -> None:
        """Draw what changed in the runs, in the panels in view."""
        before, self._company = self._company, company
        if before is None:  # whichever panel of examples comes into view will have some
            self.query_one(PredictionsPanel).begin(company.run)
        if before is None or len(before.runs) != len(company.runs):
            self._plan_anew()
        then, when = company.then, _dates(company)
        for panel in self.in_view():
            panel.date(*when if panel.LOOKS_BACK else ())
            panel.show_company(then if panel.LOOKS_BACK else company)
        self._ask_for_instruments()

    def move(self, run: RunView) -> None:
        """Draw no more than what follows the training frame by frame."""
        loss = self.query_one(LossPanel)
        if loss in self.in_view():
            loss.move(run.then or run)

    def in_view(self) -> Iterator[Panel]:
        """The panels that can be seen now."""
        return (panel for name, panel in self.panels.items() if name in self._places.regions)

    def bring_forward(self, panel: Panel) -> None:
        """Show a panel, if it shares its place with others, and give it the focus."""
        assert panel.id is not None
        self._put_in_front(panel.id)
        if self._maximised:
            self._maximised = panel.id
        self._rearrange()
        panel.focus()

    def turn(self) -> None:
        """Bring the next panel to the front of the place that several share.

        Of several such places it is the one in focus, else the first; tabs come last.
        """
        shared = [place for place in self._plan if len(place.panels) > 1]
        focused = self._focused()
        in_focus = [each for each in shared if focused and focused.id in each.panels]
        untabbed = [each for each in shared if not each.strip]
        for place in [*(each for each in in_focus if each in untabbed), *untabbed, *shared][:1]:
            names = place.panels
            front = self._fronts.get(names, names[0])
            self.bring_forward(self.panels[names[(names.index(front) + 1) % len(names)]])

    def focus_next(self, step: int) -> None:
        """Give the focus to the panel `step` places further, round and round."""
        focused = self._focused()
        names = [name for name in layout.PANELS if self._has_place(name)]
        if focused is None or focused.id not in names:
            place = 0 if step > 0 else -1
        else:
            place = (names.index(str(focused.id)) + step) % len(names)
        self.bring_forward(self.panels[names[place]])

    def maximise(self) -> None:
        """Give all the room to the panel in focus, or its old place again."""
        focused = self._focused()
        if self._maximised:
            self._maximised = None
        elif focused is not None:
            self._maximised = focused.id
        else:
            self._maximised = "loss"
            self.panels["loss"].focus()
        self._rearrange()

    def restore(self) -> None:
        self._maximised = None
        self._rearrange()

    @on(PredictionsPanel.Selected)
    def _show_example(self, message: PredictionsPanel.Selected) -> None:
        self.query_one(DigitPanel).select(message.place)

    @on(TabStrip.Chosen)
    def _choose_tab(self, message: TabStrip.Chosen) -> None:
        for panel in self.panels.values():
            if message.title == panel.TITLE:
                self.bring_forward(panel)

    def on_resize(self, _: Resize) -> None:
        self._plan_anew()

    def _focused(self) -> Panel | None:
        for panel in self.panels.values():
            if panel.has_focus_within:
                return panel
        return None

    def _plan_anew(self) -> None:
        """Find a place for all, by the size and the runs; whoever has the focus stays in view."""
        runs = len(self._company.runs) if self._company else 1
        loop = self._company is not None and self._company.run.loop is not None
        self._plan = layout.plan(self.size, runs, loop=loop)
        if self._maximised and not self._has_place(self._maximised):
            self._maximised = None
        focused = self._focused()
        if focused is None:
            self._rearrange()
        elif self._has_place(str(focused.id)):
            self._put_in_front(str(focused.id))
            self._rearrange()
        else:
            self.bring_forward(self.panels["loss"])

    def _put_in_front(self, name: str) -> None:
        for place in self._plan:
            if name in place.panels:
                self._fronts[place.panels] = name

    def _rearrange(self) -> None:
        """Give each panel its place, and draw those that have come into view."""
        regions = layout.arrange(self._plan, self._fronts)
        if self._maximised:
            regions = {self._maximised: self.size.region}
        if regions == self._places.regions:
            return
        self._places.regions = regions
        for child in self.children:
            child.display = child.id in regions
            child.refresh(layout=True)
        for place in self._plan:
            if place.strip:
                front = self._fronts.get(place.panels, place.panels[0])
                titles = [self.panels[name].TITLE for name in place.panels]
                self.query_one(TabStrip).show(titles, self.panels[front].TITLE)
        self.call_after_refresh(self._draw_again)

    def _ask_for_instruments(self) -> None:
        """Let be measured what the panels in view show, and nothing else."""
        wanted = frozenset(x for panel in self.in_view() for x in panel.INSTRUMENTS)
        if wanted != self._measured:
            self._measured = wanted
            self.post_message(Panel.Asked(ShowInstruments(wanted)))

    def _has_place(self, name: str) -> bool:
        return any(name in place.panels for place in self._plan)

    def _draw_again(self) -> None:
        if self._company is not None:
            self.show(self._company)
