"""All panels, each in its place: which are in view, which is in front, which has it all."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.events import Resize
from textual.layout import Layout
from textual.widget import Widget

from core.snapshot import RunView
from tui import layout
from tui.display import Display
from tui.widgets.digit import DigitPanel
from tui.widgets.events import EventsPanel
from tui.widgets.explanation import ExplanationPanel
from tui.widgets.hyperparameters import HyperparametersPanel
from tui.widgets.loss import LossPanel
from tui.widgets.panel import Panel
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.progress import ProgressPanel
from tui.widgets.run_settings import RunSettingsPanel
from tui.widgets.strategy import StrategyPanel
from tui.widgets.tab_strip import TabStrip

KINDS: dict[str, type[Panel]] = {
    "strategy": StrategyPanel,
    "hyperparameters": HyperparametersPanel,
    "run-settings": RunSettingsPanel,
    "loss": LossPanel,
    "progress": ProgressPanel,
    "events": EventsPanel,
    "predictions": PredictionsPanel,
    "digit": DigitPanel,
    "explanation": ExplanationPanel,
}


def panel_keys() -> list[tuple[str, str]]:
    """The keys that work in some panel only, and what they do there."""
    return [*dict.fromkeys(row for kind in KINDS.values() for row in kind.KEYS_HELP)]


class Deck(Widget):
    """Places the panels by `tui.layout` and draws those that are in view."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._places = layout.PanelLayout()
        self._run: RunView | None = None
        self._front = layout.TABS[0]
        self._maximised: str | None = None
        self.panels = {name: KINDS[name](display, id=name) for name in layout.PANELS}

    @property
    def layout(self) -> Layout:
        return self._places

    def compose(self) -> ComposeResult:
        yield from self.panels.values()
        yield TabStrip([self.panels[name].TITLE for name in layout.TABS], id=layout.TAB_STRIP)

    def show(self, run: RunView) -> None:
        """Draw what changed in `run`, in the panels in view."""
        if self._run is None:  # whichever panel of digits comes into view will have some
            self.query_one(PredictionsPanel).ask()
        self._run = run
        for panel in self.in_view():
            panel.show(run)

    def move(self, run: RunView) -> None:
        """Draw no more than what follows the training frame by frame."""
        loss = self.query_one(LossPanel)
        if loss in self.in_view():
            loss.move(run)

    def in_view(self) -> Iterator[Panel]:
        """The panels that can be seen now."""
        return (panel for name, panel in self.panels.items() if name in self._places.regions)

    def bring_forward(self, panel: Panel) -> None:
        """Show a panel, if it shares its place with others, and give it the focus."""
        assert panel.id is not None
        if panel.id in layout.TABS:
            self._front = panel.id
        if self._maximised:
            self._maximised = panel.id
        self._rearrange()
        panel.focus()

    def focus_next(self, step: int) -> None:
        """Give the focus to the panel `step` places further, round and round."""
        focused = self._focused()
        names = layout.PANELS
        if focused is None:
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
    def _show_digit(self, message: PredictionsPanel.Selected) -> None:
        self.query_one(DigitPanel).select(message.place)

    @on(TabStrip.Chosen)
    def _choose_tab(self, message: TabStrip.Chosen) -> None:
        for panel in self.panels.values():
            if message.title == panel.TITLE:
                self.bring_forward(panel)

    def on_resize(self, _: Resize) -> None:
        self._rearrange()

    def _focused(self) -> Panel | None:
        for panel in self.panels.values():
            if panel.has_focus_within:
                return panel
        return None

    def _rearrange(self) -> None:
        """Give each panel its place, and draw those that have come into view."""
        regions = layout.arrange(self.size, self._front, self._maximised)
        if regions == self._places.regions:
            return
        self._places.regions = regions
        for child in self.children:
            child.display = child.id in regions
            child.refresh(layout=True)
        self.query_one(TabStrip).show(self.panels[self._front].TITLE)
        self.call_after_refresh(self._draw_again)

    def _draw_again(self) -> None:
        if self._run is not None:
            self.show(self._run)
