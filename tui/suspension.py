"""Ctrl-Z and `fg`: the process stops once what it trains is at rest, and goes on as it was."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from core.snapshot import Snapshot

if TYPE_CHECKING:
    from core.commands import Command
    from core.engine import Engine

POSSIBLE = hasattr(signal, "SIGTSTP")  # not on Windows
_STDIN = 0
REST_SECONDS = 2.0  # how long the runs are given to come to rest
LOOK_SECONDS = 0.1  # how late it may be noticed that the terminal is ours again


class Drivable(Protocol):
    """What has to be known of `core.engine.Engine` here."""

    @property
    def snapshot(self) -> Snapshot: ...
    def send(self, command: Command, run: int | None = None) -> None: ...


class Rest:
    """What an engine trains holds still, so that no clock runs on, until `end`."""

    def __init__(self, engine: Drivable) -> None:
        from core.commands import Hold

        self._engine = engine
        engine.send(Hold())

    @property
    def reached(self) -> bool:
        return self._engine.snapshot.held or not self._engine.snapshot.runs  # while it loads

    def end(self) -> None:
        from core.commands import Release

        self._engine.send(Release())


class Suspension:
    """A context in which being told to stop (Ctrl-Z, `kill -TSTP`) only sets `asked`.

    `on_asked` is called then, `on_continued` when the process goes on after a stop that it was
    not asked for, as by `kill -STOP`: in the main thread, between any two steps of it, which
    alone may enter. If Ctrl-Z was ignored before it stays ignored; otherwise these signals have
    their usual effect again afterwards.
    """

    def __init__(
        self,
        on_asked: Callable[[], object] = lambda: None,
        on_continued: Callable[[], object] = lambda: None,
    ) -> None:
        self.asked = False
        self._on_asked = on_asked
        self._on_continued = on_continued
        self._heard: dict[signal.Signals, Callable[..., object]] = {}

    def __enter__(self) -> Suspension:
        if POSSIBLE and signal.getsignal(signal.SIGTSTP) is not signal.SIG_IGN:
            self._heard = {signal.SIGTSTP: self._ask, signal.SIGCONT: self._continue}
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        for number in self._heard:
            signal.signal(number, signal.SIG_DFL)

    def stop(self) -> bool:
        """Stop the whole job, as the terminal does it, until somebody continues it.

        False, at once, where there is no shell that could: such a job the kernel does not stop.
        """
        continued: list[int] = []
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.signal(signal.SIGCONT, lambda number, _: continued.append(number))
        os.kill(0, signal.SIGTSTP)
        self.asked = False
        self._listen()
        return bool(continued)

    def _listen(self) -> None:
        for number, handler in self._heard.items():
            signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self.asked = True
        self._on_asked()

    def _continue(self, *_: object) -> None:
        self._on_continued()


def suspend(engine: Engine, suspension: Suspension) -> None:
    """Stop the process until the shell continues it; what it trains is held meanwhile."""
    rest = Rest(engine)
    deadline = time.monotonic() + REST_SECONDS
    while not rest.reached and time.monotonic() < deadline:
        engine.wait(engine.snapshot.revision, LOOK_SECONDS)
    suspension.stop()
    rest.end()


def wait_for_the_terminal() -> None:
    """Wait while the terminal is another's: continued by `bg`, a job may not touch it."""
    while not _in_foreground():
        time.sleep(LOOK_SECONDS)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(_STDIN) == os.getpgrp()
    except OSError:  # it has gone
        return True
