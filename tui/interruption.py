"""Being asked to stop from outside: Ctrl-C, a closed terminal, a polite kill."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Interruption:
    """A context in which such a signal only sets `asked`; a second Ctrl-C goes through.

    With `keep_running`, a line that was dropped is no reason to end: SIGHUP sets `hung_up`
    instead. All but Ctrl-C may come twice without impatience: of a closed terminal both the
    shell and the kernel tell. A signal that was ignored before (as under nohup) stays ignored.
    Only the main thread may enter.
    """

    def __init__(self, *, keep_running: bool = False) -> None:
        self.asked = False
        self.hung_up = False
        self.keep_running = keep_running
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.keep_running and number == getattr(signal, "SIGHUP", None):
            self.hung_up = True
            return
        self.asked = True
        if signal.SIGINT in self._before:
            signal.signal(signal.SIGINT, self._before.pop(signal.SIGINT))
