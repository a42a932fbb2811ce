"""The one screen: it looks at the engine at the frame rate and draws what has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Resize, ScreenResume
from textual.screen import Screen

import tui.widgets
from core.commands import Change, Command, FindRate, Rename, Select, StartRace
from core.config import ORDERS
from core.errors import UserError
from core.optimizers.table import OPTIMIZERS
from core.schedules import SCHEDULES
from core.settings import Kind, Name, Setting
from core.snapshot import RunView, Snapshot
from tui import layout
from tui.action import Host
from tui.actions import ACTIONS, cannot_with_loop
from tui.company import Company, Wardrobe
from tui.display import Display
from tui.means import PRECISIONS, STEPPERS
from tui.nudges import nudge
from tui.renewal import Renewal
from tui.screens.dialogs import AskDialog, ChooseDialog
from tui.screens.finder import FinderDialog
from tui.screens.race_dialog import RaceDialog
from tui.widgets.banner import Banner
from tui.widgets.deck import Deck
from tui.widgets.header import Header
from tui.widgets.key_bar import KeyBar
from tui.widgets.loss import LossPanel
from tui.widgets.panel import Panel
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.runs import RunsPanel
from tui.widgets.setting_list import SettingList
from tui.widgets.welcome import TooSmall, Welcome

_LOOK, _LOOKS = 0.005, 20  # seconds from one look for an answer to the next, and how many

CHOICES = {
    "schedule": SCHEDULES,
    "order": ORDERS,
    "stepper": STEPPERS,
    "precision": PRECISIONS,
}


def _choices(setting: str) -> dict[str, str]:
    """What may be chosen, with its meaning; a library's caller may have added optimizers."""
    if setting == "optimizer":
        return {name: spec.meaning for name, spec in OPTIMIZERS.items()}
    return CHOICES[setting]


class CockpitScreen(Screen[None]):
    """Pulls snapshots, hands them to the panels in view, and turns keys into commands."""

    CSS_PATH = [
        "cockpit.tcss",
        *sorted(Path(tui.widgets.__file__).parent.glob("*.tcss")),  # each beside what it styles
    ]
    AUTO_FOCUS = "#hyperparameters"
    BINDINGS = [
        Binding(",".join(action.keys), f"do('{action.id}')", action.title, id=action.id)
        for action in ACTIONS.values()
        if action.keys
    ]

    deck = getters.query_one(Deck)
    header = getters.query_one(Header)
    key_bar = getters.query_one(KeyBar)
    banner = getters.query_one(Banner)
    welcome = getters.query_one(Welcome)
    too_small = getters.query_one(TooSmall)
    loss: getters.query_one[LossPanel] = getters.query_one(LossPanel)
    predictions: getters.query_one[PredictionsPanel] = getters.query_one(PredictionsPanel)

    def __init__(self, display: Display, now: Callable[[], float]) -> None:
        super().__init__()
        self._display = display
        self._clock = now
        self._renewal = Renewal(now)
        self._shown = Snapshot(revision=-1)
        self._notice = 0
        self._wardrobe = Wardrobe()
        self._hidden: frozenset[int] = frozenset()
        self._unsaved: frozenset[int] = frozenset()  # runs that could not be saved

    @property
    def host(self) -> Host:
        return cast(Host, self.app)

    @property
    def run(self) -> RunView | None:
        """The selected run as the engine has it now."""
        return self._now.run

    @property
    def _now(self) -> Snapshot:
        return self.host.engine.snapshot

    def compose(self) -> ComposeResult:
        yield Header(self._display)
        yield Welcome(self._display)
        yield TooSmall(id="too-small")
        yield Deck(self._display)
        yield Banner(self._display)
        yield KeyBar(ACTIONS.values())

    def on_mount(self) -> None:
        self.set_interval(1 / self._display.fps, self.pull)
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.draw())

    def pull(self) -> None:
        """Draw the engine's latest snapshot, unless it stands on the screen already.

        Of a run that only trained on, the figures are drawn a few times a second: more often
        they could not be read, and every byte has to travel to the terminal.
        """
        latest = self.host.engine.snapshot
        is_new = latest.revision != self._shown.revision
        if is_new:
            self.host.heed(latest)
        if not self.is_active:  # under a dialog, every change would paint the whole screen
            return
        self._shown = latest
        if self._renewal.due(latest):
            self.draw()
        elif is_new and latest.run is not None:
            self.deck.move(latest.run)

    def draw(self) -> None:
        """Draw all that is shown once more: every part compares before it paints."""
        snapshot, run = self._shown, self._shown.run
        self.header.show(snapshot)
        self.key_bar.show(snapshot)
        self.set_class(run is None, "-loading")
        if run is None:
            self.welcome.show(snapshot)
        if snapshot.notice is not None and snapshot.notice.number > self._notice:
            self._notice = snapshot.notice.number
            self.say(snapshot.notice.text)
        self._heed_saving(snapshot)
        self._hidden &= {each.id for each in snapshot.runs}  # whoever comes back is to be seen
        if run is not None:
            self.banner.show(run, snapshot.error)
            self.deck.show(self._company(snapshot, run))

    def _heed_saving(self, snapshot: Snapshot) -> None:
        """Say it when all could be saved again; as long as it cannot be, the header does."""
        troubled = {each.id for each in snapshot.runs if each.saving and each.saving.trouble}
        if self._unsaved and not troubled:
            self.notify("saved again", markup=False)
        self._unsaved = frozenset(troubled)

    def _company(self, snapshot: Snapshot, run: RunView) -> Company:
        runs = snapshot.runs
        looks = self._wardrobe.dress(runs, snapshot.race.lanes if snapshot.race else ())
        return Company(run, runs, looks, self._hidden, snapshot.race, snapshot.paths)

    def say(self, text: str) -> None:
        """A line that answers what was asked for, and goes away by itself."""
        self.notify(self._display.text(text), severity="warning", markup=False)

    def on_resize(self, event: Resize) -> None:
        small = event.size.width < layout.LEAST.width or event.size.height < layout.LEAST.height
        self.set_class(small, "-too-small")
        self.too_small.show(event.size)

    @on(ScreenResume)
    def _catch_up(self) -> None:
        self.pull()

    # What actions do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "do":
            now, known = self._now, ACTIONS[str(parameters[0])]
            return known.applies(now) or now.run is None or cannot_with_loop(known, now)
        return super().check_action(action, parameters)

    def action_do(self, name: str) -> None:
        action = ACTIONS[name]
        if action.applies(self._now):
            action.do(self)
        elif self.run is None:
            self.say(f"{action.title}: there is no run yet")
        elif cannot_with_loop(action, self._now):
            self.say(f"{action.title}: only in runs of gd-tui's own, of gd_tui.engine")

    def send(self, command: Command, run: int | None = None) -> None:
        """Ask the engine, and look again and again for a while: it answers in a moment."""
        self.host.engine.send(command, run)
        self.set_interval(_LOOK, self._look, repeat=_LOOKS)

    def _look(self) -> None:
        if self.host.engine.snapshot.answered != self._shown.answered:
            self.pull()

    @on(Panel.Asked)
    def _send_asked(self, message: Panel.Asked) -> None:
        self.send(message.command, message.run)

    def nudge(self, setting: str, direction: int) -> None:
        """Give a setting its next value down or up."""
        if self.run is None:
            return
        try:
            change = nudge(self.run, setting, direction)
        except UserError as fault:
            self.say(str(fault))
        else:
            if change is not None:
                self.send(change)

    def edit(self, setting: str) -> None:
        """Open the editor of a setting, in the panel that lists it."""
        for panel in self.query(SettingList):
            if panel.select(setting):
                self.show_panel(panel)
                panel.action_edit()

    def choose(self, setting: Setting) -> None:
        """Offer every value of a setting by name."""
        if self.run is None:
            return
        now = getattr(self.run.config, setting.name)
        dialog = ChooseDialog(setting.title, _choices(setting.name), now)

        def answer(name: str | None) -> None:
            if name is not None and name != now:
                self.send(Change(setting.name, name))

        self.app.push_screen(dialog, answer)

    @on(SettingList.Choose)
    def _choose_asked(self, message: SettingList.Choose) -> None:
        self.choose(message.setting)

    def ask(self, title: str, kind: Kind, do: Callable[[Any], object]) -> None:
        """Ask for a value, and do something with it."""

        def answer(value: Any) -> None:
            if value is not None:
                do(value)

        self.app.push_screen(AskDialog(title, kind), answer)

    def select_run(self, step: int) -> None:
        """Show the run that is `step` places further, round and round."""
        ids = [run.id for run in self._now.runs]
        place = ids.index(self._now.selected)
        self.send(Select(), ids[(place + step) % len(ids)])

    def send_to_all(self, command: Command) -> None:
        for run in self._now.runs:
            self.send(command, run.id)

    def hide_run(self) -> None:
        """Leave the selected run out of the charts once another is selected, or show it again."""
        self._hide(self._now.selected)

    @on(RunsPanel.Hid)
    def _hide_asked(self, message: RunsPanel.Hid) -> None:
        self._hide(message.run)

    def _hide(self, run: int) -> None:
        self._hidden ^= {run}
        if run in self._hidden and run == self._now.selected:
            self.say("it is hidden in the charts as soon as another run is selected")
        self.draw()

    def ask_name(self) -> None:
        """Ask for another name for the run."""
        if self.run is not None:
            title = f"another name for {self.run.name}"
            self.ask(title, Name(), lambda name: self.send(Rename(name)))

    def ask_race(self) -> None:
        """Ask who is to race, and on which budget."""
        if self.run is not None:
            base = self._now.base or self.run.config
            self.app.push_screen(RaceDialog(base, self._now.runs), self._race)

    def _race(self, race: StartRace | None) -> None:
        if race is not None:
            self.loss.choose_clock(race.budget.clock)
            self.send(race)

    def find_rate(self) -> None:
        """Let a learning rate be found for the run, and show how that goes."""
        now = self._now
        if now.run is None:
            return
        run = now.run.id

        def answer(commands: tuple[Command, ...] | None) -> None:
            for command in commands or ():
                self.send(command, run)

        self.send(FindRate(), run)
        self.app.push_screen(FinderDialog(self._display, self._clock, now), answer)

    @property
    def next_seed(self) -> int:
        return self.run.config.seed + 1 if self.run else 0

    def focus_panel(self, step: int) -> None:
        """Go to the panel that is `step` places further, and bring it to the front."""
        self.deck.focus_next(step)

    def turn_view(self) -> None:
        """Show the next of the panels that share a place."""
        self.deck.turn()

    def show_timeline(self) -> None:
        self.show_panel(self.deck.panels["timeline"])

    def show_panel(self, panel: Panel) -> None:
        self.deck.bring_forward(panel)

    def maximise_panel(self) -> None:
        self.deck.maximise()

    def restore_panels(self) -> None:
        self.deck.restore()
        self.banner.hide()
        self.host.clear_notifications()
