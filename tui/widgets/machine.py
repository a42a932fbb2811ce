"""The panel of what training takes of the computer: processor, memory, NVIDIA cards."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

from textual.app import ComposeResult
from textual.getters import query_one

from core.machine import LONGEST, Machine, Meter, Watch
from core.snapshot import State
from tui.company import Company
from tui.display import Display
from tui.widgets.fit import fullest
from tui.widgets.lines import Lines
from tui.widgets.machine_sheet import Curves, Sheet
from tui.widgets.panel import Panel

SECONDS = 1.0  # from one reading to the next
_BEAT = 0.2  # seconds between two looks for a reading that has come


class MachinePanel(Panel):
    """A figure a line, with a bar for what is taken, or a curve of the last minute.

    While nothing trains it rests; it then takes a fresh reading when it comes into view or gets
    the focus: two, for a share of the processor lies between them. `meter` is read in a thread.
    """

    TITLE = "Machine"

    lines = query_one(Lines)

    def __init__(
        self,
        display: Display,
        *,
        id: str | None = None,
        now: Callable[[], float] = time.monotonic,
        meter: Meter | None = None,
    ) -> None:
        super().__init__(display, id=id, now=now)
        self._watch = Watch(meter or Meter())
        self._machine: Machine | None = None
        self._curves = Curves()
        self._trains = False
        self._wanted = 0  # readings, though nothing trains
        self._asked_at = self._read_at = -inf

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def on_mount(self) -> None:
        self._heart = self.set_interval(_BEAT, self.beat, pause=True)

    def show_company(self, company: Company) -> None:
        self._trains = any(run.state is State.RUNNING for run in company.runs)
        self._heart.resume()
        self._report()

    def on_show(self) -> None:
        self._renew()

    def on_focus(self) -> None:
        self._renew()

    def on_hide(self) -> None:
        self._heart.pause()

    def on_resize(self) -> None:
        self._draw()

    def _renew(self) -> None:
        self._wanted = 2
        self._heart.resume()

    def beat(self) -> None:
        """Show a reading that has come; ask for the next when it is time."""
        if not self.screen.is_active:  # under a dialog every change would paint the whole screen
            return
        latest = self._watch.latest
        if latest is not None and latest is not self._machine:
            self._take(latest)
        if self._watch.busy:
            return
        if not (self._trains or self._wanted):
            self._heart.pause()
        elif self._now() - self._asked_at >= SECONDS:
            self._asked_at = self._now()
            self._wanted = max(0, self._wanted - 1)
            self._watch.ask()

    def _take(self, machine: Machine) -> None:
        if self._now() - self._read_at > LONGEST:
            self._curves = Curves()  # a minute with a gap in it would be none
        self._machine, self._read_at = machine, self._now()
        self._curves.add(machine)
        self._draw()

    def _draw(self) -> None:
        self._report()
        if self._machine is not None:
            width, height = self.lines.size
            sheet = Sheet(width, self._display.ascii, self._curves)
            self.lines.write(*sheet.lines(self._machine, height))

    def _report(self) -> None:
        """What the curves are, or that nothing moves, and on whose account."""
        trains, room = self._trains, self.lines.size.width - 4
        wordings = [
            "curves: the last minute" if trains else "renewed while it trains",
            "last minute" if trains else "at rest",
            "",
        ]
        if self._machine and self._machine.processes > 1:
            others = self._machine.processes - 1
            helped = f"with {others} child process{'es' * (others > 1)}"
            wordings.insert(0, f"{helped}, {wordings[0]}")
        self.report(fullest(room, *wordings))
