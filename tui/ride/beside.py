"""The screen's process, as the process of the loop holds it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core.optimizers.table import OptimizerSpec
from core.snapshot import Snapshot
from tui.ride.messages import Ask, Close, Left, Show

POSSIBLE = os.name == "posix"
_HOME = str(Path(__file__).resolve().parent.parent.parent)
_PROGRAM = (
    f"import sys; sys.path.insert(0, {_HOME!r}); "
    "from tui.ride.window import main; main(*map(int, sys.argv[1:]))"
)
_STDIN = 0
_GRACE_SECONDS = 5.0
# For a screen that could not do so itself: the screen before, its cursor, no mouse, no keyboard
# protocol, no reports of the focus, no bracketed paste, lines that wrap.
_RESET = (
    "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[<u\x1b[?1004l\x1b[?2004l\x1b[?7h"
)


class WindowBeside:
    """Opens the screen; `ask` is called with each command, `gone` once it was left or has ended.

    Both are called in a thread of its own. The screen is shown the latest snapshot when it is
    ready for one: the loop never waits for it.
    """

    def __init__(self, ask: Callable[[Any], object], gone: Callable[[Left | None], object]) -> None:
        self._ask = ask
        self._gone = gone
        self._next: Show | Close | None = None
        self._news = threading.Condition()
        self._over = False
        self._settings = _terminal_settings()
        self._pipe: Connection
        self._pipe, theirs = Pipe()
        number = theirs.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(number), str(os.getpid())], pass_fds=[number]
        )
        theirs.close()
        # A signal's handler may wait while its own thread does: `Popen.wait` would block for ever.
        self._ended = threading.Thread(target=self._process.wait, name="window end", daemon=True)
        self._ended.start()
        for name, target in (("window in", self._receive), ("window out", self._send)):
            threading.Thread(target=target, name=name, daemon=True).start()

    def show(self, snapshot: Snapshot, spec: OptimizerSpec | None) -> None:
        with self._news:
            if not isinstance(self._next, Close):
                self._next = Show(snapshot, replace(spec, own=None) if spec else None)
            self._news.notify()

    def close(self) -> None:
        """Have it close, and wait until the terminal is as it was."""
        with self._news:
            self._next = Close()
            self._news.notify()
        self.wait(_GRACE_SECONDS)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the screen was left; after so many seconds it is ended."""
        self._ended.join(seconds)
        if self._ended.is_alive():
            self._process.kill()
            self._ended.join()
        self._tidy_up()

    def _receive(self) -> None:
        left: Left | None = None
        with suppress(EOFError, OSError):
            while left is None:
                message = self._pipe.recv()
                if isinstance(message, Ask):
                    self._ask(message.command)
                elif isinstance(message, Left):
                    left = message
        with self._news:
            self._over = True
            self._news.notify()
        self.wait(_GRACE_SECONDS)
        self._gone(left)

    def _send(self) -> None:
        with suppress(OSError):
            while True:
                with self._news:
                    self._news.wait_for(lambda: self._next or self._over)
                    message, self._next = self._next, None
                    if self._over or message is None:
                        return
                self._pipe.send(message)
                if isinstance(message, Close):
                    return

    def _tidy_up(self) -> None:
        """Do what a screen that was killed could not."""
        if self._process.returncode >= 0 or self._settings is None:
            return
        import termios

        with suppress(OSError, termios.error):
            termios.tcsetattr(_STDIN, termios.TCSADRAIN, self._settings)
            Path("/dev/tty").write_text(_RESET)
        self._settings = None


def _terminal_settings() -> list[Any] | None:
    import termios

    try:
        return termios.tcgetattr(_STDIN)
    except (OSError, termios.error):
        return None
