"""The screen beside a loop, in a process of its own: shows what it is sent, sends what is asked."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from core.optimizers.table import OPTIMIZERS
from core.reading import reading
from core.snapshot import Snapshot
from tui.display import Display
from tui.interruption import Interruption
from tui.ride.messages import Ask, Close, Left, Show
from tui.watchdog import Watchdog


class Remote:
    """The loop, as the app has an engine."""

    def __init__(self, pipe: Connection, parent: int) -> None:
        self.snapshot = Snapshot()
        self._told = threading.Event()  # to close
        self._pipe = pipe
        self._parent = parent

    @property
    def closed(self) -> bool:
        """Whether the loop wants the screen to close, or is gone.

        What the loop's process has forked may keep the pipe open when it is gone.
        """
        return self._told.is_set() or os.getppid() != self._parent

    def start(self) -> None:
        threading.Thread(target=self._receive, name="loop", daemon=True).start()

    def send(self, command: Any, run: int | None = None) -> None:  # noqa: ARG002  (there is one)
        self._tell(Ask(command))

    def leave(self, *, interrupt: bool) -> None:
        self._tell(Left(interrupt))

    def _tell(self, message: Ask | Left) -> None:
        with suppress(OSError):  # it is gone
            self._pipe.send(message)

    def _receive(self) -> None:
        with suppress(EOFError, OSError):
            while not isinstance(message := self._pipe.recv(), Close):
                assert isinstance(message, Show)
                if message.spec:
                    OPTIMIZERS.setdefault(message.spec.name, message.spec)
                self.snapshot = message.snapshot
        self._told.set()


def main(pipe: int, parent: int) -> None:
    """Show the loop of the process `parent` until the screen is left; `pipe` is a file's number."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the loop's
    os.environ.setdefault("TEXTUAL_FPS", "120")  # see `tui.onscreen`
    with reading():
        from tui.ride.app import RideApp

    remote = Remote(Connection(pipe), parent)
    app = RideApp(remote, Display())
    with (
        Interruption() as interruption,
        Watchdog(interruption, leave=app.exit, abandon=lambda: 0),
    ):
        app.run()
    remote.leave(interrupt=app.interrupts)
