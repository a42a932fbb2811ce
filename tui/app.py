"""The app: it holds the engine and the screen together, and leaves the terminal as it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.command import CommandPalette, Provider
from textual.screen import ModalScreen

from core.errors import UserError
from core.reading import reading
from core.snapshot import Snapshot, State
from core.summary import Status
from tui import themes
from tui.display import Display
from tui.ending import BAD_USAGE, EXIT
from tui.screens.opening import OpeningScreen
from tui.suspension import POSSIBLE, REST_SECONDS, Rest, Suspension, wait_for_the_terminal

if TYPE_CHECKING:
    from tui.action import EngineLike

_REST_LOOKS = 400


def _action_provider() -> type[Provider]:
    from tui.palette import ActionProvider

    return ActionProvider


class CockpitApp(App[None]):
    """Shows one engine; whoever made it stops it when the app has closed.

    The first frame waits for none of the screens but the opening one, so that it comes at once.

    With `begin` training starts as soon as everything is loaded; with `quit_when_done` the app
    leaves when the run has met a stop condition and no other run trains. Its return code is 2 if
    loading failed by a fault that the user can mend, 1 if the run failed.
    """

    TITLE = "gd-tui"
    CSS_PATH = Path(__file__).parent / "screens" / "opening.tcss"  # whoever inherits it
    COMMANDS = {_action_provider}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS = [
        Binding("ctrl+c,ctrl+q", "leave", "Quit", id="leave", show=False, priority=True),
        Binding("ctrl+z", "suspend", "Suspend", id="suspend", show=False, priority=True),
    ]

    def __init__(
        self,
        engine: EngineLike,
        display: Display,
        *,
        begin: bool = False,
        quit_when_done: bool = False,
        theme: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.engine = engine
        self._terminal = display
        self._now = now
        self._begin = begin
        self._quit_when_done = quit_when_done
        self._signals = ExitStack()
        self._suspension: Suspension | None = None  # where the process cannot be stopped
        for own in themes.OWN:
            self.register_theme(own)
        self.theme = theme or themes.DARK.name
        self.set_class(display.ascii, "-ascii")

    def get_default_screen(self) -> OpeningScreen:
        return OpeningScreen(self._terminal)

    def on_mount(self) -> None:
        if POSSIBLE and not (self.is_headless or self.is_web):
            self._suspension = self._signals.enter_context(self._own_suspension())
        self.call_after_refresh(self._load)

    def on_unmount(self) -> None:
        self._signals.close()

    async def _load(self) -> None:
        """Read the cockpit, now that the first frame is on the screen, and then all the rest.

        Not both at once: two that want the interpreter's lock would keep the screen waiting.
        """
        with reading():
            from tui.screens.cockpit import CockpitScreen

        await self.push_screen(CockpitScreen(self._terminal, self._now))
        self.call_after_refresh(self._start_engine)

    def _start_engine(self) -> None:
        from core.commands import Start

        self.engine.start()
        if self._begin:
            self.engine.send(Start())

    def heed(self, snapshot: Snapshot) -> None:
        """Leave when there is nothing more to show."""
        if isinstance(snapshot.fault, UserError):
            self.exit(return_code=BAD_USAGE)
        elif snapshot.error and self._quit_when_done:
            self.exit(return_code=EXIT[Status.FAILED])
        run = snapshot.run
        if not self._quit_when_done or run is None or _any_trains(snapshot):
            return
        if run.state is State.FINISHED:
            self.exit()
        elif run.state in (State.DIVERGED, State.FAILED):
            self.exit(return_code=EXIT[Status.FAILED])

    def action_leave(self) -> None:
        """Quit; runs that have made progress are given up only if it is said twice."""
        from tui.screens.dialogs import QuitDialog

        runs = self.engine.snapshot.runs
        updates = sum(run.at.updates for run in runs)
        if updates == 0 or isinstance(self.screen, QuitDialog):
            self.exit()
        else:
            saved = all(run.script or (run.saving and not run.saving.trouble) for run in runs)
            self.push_screen(QuitDialog(len(runs), updates, saved=saved), self._quit_if_sure)

    def _quit_if_sure(self, sure: bool | None) -> None:
        if sure:
            self.exit()

    def _own_suspension(self) -> Suspension:
        """In the place of Textual's, for which no run has to rest first."""
        soon = asyncio.get_running_loop().call_soon_threadsafe
        return Suspension(
            on_asked=lambda: soon(self.call_later, self.action_suspend),
            on_continued=lambda: soon(self.call_later, self._take_terminal_back),
        )

    def suspend_soon(self) -> None:
        """As `action_suspend`, once what is being done is done."""
        self.call_later(self.action_suspend)

    async def action_suspend(self) -> None:
        """Give the terminal back to the shell, until its `fg`; what trains rests meanwhile."""
        if self._suspension is None:
            self._say("this system cannot stop a process for a while and bring it back")
            return
        rest = Rest(self.engine)
        for _ in range(_REST_LOOKS):
            if rest.reached:
                break
            await asyncio.sleep(REST_SECONDS / _REST_LOOKS)
        with self.suspend():
            was_stopped = self._suspension.stop()
            rest.end()  # also in the background
            wait_for_the_terminal()
        if not was_stopped:
            self._say("there is no shell beneath that could bring it back")

    def _take_terminal_back(self) -> None:
        """Begin anew on a terminal that others have used, without a word before."""
        with self.suspend():
            wait_for_the_terminal()

    def _say(self, text: str) -> None:
        self.notify(text, severity="warning", markup=False)

    def pop_screen(self) -> AwaitComplete:
        """Leave what lies over the cockpit: Enter twice in one burst would take that away, too."""
        return super().pop_screen() if isinstance(self.screen, ModalScreen) else AwaitComplete()

    def action_command_palette(self) -> None:
        """Offer every action that applies now; not over a question that is still open."""
        from tui.screens.cockpit import CockpitScreen

        if isinstance(self.screen, CockpitScreen):
            self.push_screen(CommandPalette(placeholder="What shall be done?"))

    def action_help(self) -> None:
        from tui.actions import ACTIONS
        from tui.screens.help import HelpScreen
        from tui.widgets.deck import panel_keys

        self.push_screen(HelpScreen(ACTIONS.values(), panel_keys()))

    def save_picture(self) -> tuple[Path, Path]:
        """Save the screen in the current directory; returns the picture's and the text's path.

        Raises UserError if that cannot be done.
        """
        from tui.picture import save

        return save(self, Path(), datetime.now())

    def action_switch_ground(self) -> None:
        """Dark if it is light, light if it is dark."""
        self.theme = (themes.LIGHT if self.current_theme.dark else themes.DARK).name


def _any_trains(snapshot: Snapshot) -> bool:
    return any(run.state is State.RUNNING for run in snapshot.runs)
