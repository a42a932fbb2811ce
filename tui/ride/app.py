"""The app on a loop that is not ours: to leave it may mean three things."""

from __future__ import annotations

from core.loops.commands import EndLoop
from core.snapshot import Snapshot, State
from tui.app import CockpitApp
from tui.display import Display
from tui.ride.window import Remote
from tui.screens.leave_loop import END, INTERRUPT, LeaveLoopDialog

_LOOK_SECONDS = 0.05


class RideApp(CockpitApp):
    """Shows a loop until it is left, or the loop has the screen closed.

    `interrupts` says in the end whether the script is to be interrupted.
    """

    interrupts = False

    def __init__(self, loop: Remote, display: Display) -> None:
        super().__init__(loop, display)
        self._remote = loop

    def on_mount(self) -> None:  # besides that of CockpitApp, which Textual calls, too
        self.set_interval(_LOOK_SECONDS, self._close_if_told)

    def action_leave(self) -> None:
        if isinstance(self.screen, LeaveLoopDialog):
            self._leave(INTERRUPT)
        elif _is_under_way(self.engine.snapshot):
            self.push_screen(LeaveLoopDialog(), self._leave)
        else:
            self.exit()

    def _leave(self, way: str | None) -> None:
        if way is None:
            return
        self.interrupts = way == INTERRUPT
        if way == END:
            self._remote.send(EndLoop())
        self.exit()

    def _close_if_told(self) -> None:
        if self._remote.closed:
            self.exit()


def _is_under_way(snapshot: Snapshot) -> bool:
    return snapshot.run is None or snapshot.run.state is not State.FINISHED
