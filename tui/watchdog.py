"""Sees to it that the process ends when it is told to, or has lost its terminal.

Textual writes through a thread that dies with the terminal; soon after, its event loop waits for
that thread for ever, deaf to asyncio's signal handlers too. So the watch is kept by a thread of
its own, and where the app does not come back, the process ends without it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from core.summary import Status
from tui.ending import EXIT
from tui.interruption import Interruption

LOOK_SECONDS = 0.2  # how late a signal, or the loss of the terminal, may be noticed
GRACE_SECONDS = 3.0  # how long the app is given to close by itself
_STDIN = 0


class Watchdog:
    """Calls `leave` once to have the app close, and `abandon` if that does not help.

    Both are called in its own thread. After `abandon` the process ends, with the status of an
    interrupted run; without a terminal there is nothing to close, and it comes first.
    """

    def __init__(
        self,
        interruption: Interruption,
        leave: Callable[[], object],
        abandon: Callable[[], object],
    ) -> None:
        self._interruption = interruption
        self._leave = leave
        self._abandon = abandon
        self._had_terminal = os.isatty(_STDIN)
        self._called_off = threading.Event()
        self._ending = threading.Lock()  # held by the thread that ends the run: there is only one
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def call_off(self) -> None:
        """The app has closed. Does not return if the process is about to end without it."""
        with self._ending:
            self._called_off.set()

    def _watch(self) -> None:
        while not (self._interruption.asked or self._lost()):
            if self._called_off.wait(LOOK_SECONDS):
                return
        if not self._lost():
            self._leave()
            self._called_off.wait(GRACE_SECONDS)
        with self._ending:
            if not self._called_off.is_set():
                try:
                    self._abandon()
                finally:
                    os._exit(EXIT[Status.INTERRUPTED])

    def _lost(self) -> bool:
        """Whether the terminal is gone. Not every process is told by SIGHUP, hence the look."""
        return self._had_terminal and not os.isatty(_STDIN)
