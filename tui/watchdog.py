"""Sees to it that the process ends when it is told to, or has lost its terminal.

Textual writes through a thread that dies with the terminal; soon after, its event loop waits for
that thread for ever, deaf to asyncio's signal handlers too. So the watch is kept by a thread of
its own, and where the app does not come back, the process goes to its end without it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

from core.summary import Status
from tui.ending import EXIT
from tui.interruption import Interruption

LOOK_SECONDS = 0.2  # how late a signal, or the loss of the terminal, may be noticed
GRACE_SECONDS = 3.0  # how long the app is given to close by itself
_STDIN = 0


class Watchdog:
    """A context for the app: calls `leave` once to have it close, and `abandon` if it does not.

    Both are called in a thread of its own. What `abandon` returns is the exit status: the
    process ends with it, or with that of an interrupted run if it fails. Without a terminal there
    is nothing to close, and the app is not waited for.

    To leave the context does not return if the process is about to end without the app.
    """

    def __init__(
        self,
        interruption: Interruption,
        leave: Callable[[], object],
        abandon: Callable[[], int],
    ) -> None:
        self._interruption = interruption
        self._leave = leave
        self._abandon = abandon
        self._had_terminal = os.isatty(_STDIN)
        self._called_off = threading.Event()
        self._ending = threading.Lock()  # held by the thread that ends the run: there is only one
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether the terminal is gone. Not every process is told by SIGHUP, hence the look."""
        return self._had_terminal and not os.isatty(_STDIN)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._ending:
            self._called_off.set()

    def _watch(self) -> None:
        while not (self._interruption.asked or self._interruption.hung_up or self.lost):
            if self._called_off.wait(LOOK_SECONDS):
                return
        with suppress(Exception):  # an app in whatever state, even one that is closing already
            self._leave()
        if not self.lost:
            self._called_off.wait(GRACE_SECONDS)
        with self._ending:
            if not self._called_off.is_set():
                status = EXIT[Status.INTERRUPTED]
                try:
                    status = self._abandon()
                finally:
                    os._exit(status)
