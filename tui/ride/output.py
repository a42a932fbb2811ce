"""What a process prints is caught while a screen has its terminal, and written when it has not."""

from __future__ import annotations

import os
import re
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

_OUTPUT, _ERROR = 1, 2
_LONGEST = 200  # characters of a line that is told
_KEPT = 4_000_000  # bytes that are kept for later: beyond, the oldest go
_LOOK_SECONDS = 0.1
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")


class Caught:
    """Standard output and error, from now until `release`, of all that the process runs.

    That includes libraries that print past Python, and processes that it forks. `tell` is
    called with each whole line, in a thread of its own.
    """

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._rest = ""
        self._released = threading.Event()
        _flush()
        self._originals = [os.dup(number) for number in (_OUTPUT, _ERROR)]
        self._source, sink = os.pipe()
        for number in (_OUTPUT, _ERROR):
            os.dup2(sink, number)
        os.close(sink)
        self._thread = threading.Thread(target=self._read, name="output", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give both their places back, and write there what was caught."""
        if self._released.is_set():
            return
        _flush()
        for original, number in zip(self._originals, (_OUTPUT, _ERROR), strict=True):
            os.dup2(original, number)
        self._released.set()
        self._thread.join(_LOOK_SECONDS * 20)

    def _read(self) -> None:
        """Keep what comes; once released, pass it on: what was forked may print for long."""
        while True:
            ready, _, _ = select.select([self._source], [], [], _LOOK_SECONDS)
            if ready:
                chunk = os.read(self._source, 65_536)
                if not chunk:
                    break
                self._keep(chunk)
            elif self._released.is_set():
                break
        self._write()
        threading.Thread(target=self._pass_on, name="late output", daemon=True).start()

    def _pass_on(self) -> None:
        with suppress(OSError):
            while chunk := os.read(self._source, 65_536):
                os.write(_OUTPUT, chunk)

    def _keep(self, chunk: bytes) -> None:
        self._kept.append(chunk)
        self._size += len(chunk)
        while self._size > _KEPT:
            self._size -= len(self._kept.popleft())
        *lines, self._rest = (self._rest + chunk.decode(errors="replace")).split("\n")
        self._rest = self._rest[-10 * _LONGEST :]
        for line in lines:
            shown = readable(line)
            if shown:
                self._tell(shown)

    def _write(self) -> None:
        with suppress(OSError):  # the terminal may be gone
            while self._kept:
                os.write(_OUTPUT, self._kept.popleft())


def readable(line: str) -> str:
    """A line as a person saw it: the latest state of a progress bar, without colours."""
    latest = _ESCAPES.sub("", line.rstrip("\r")).rpartition("\r")[2]
    return "".join(c for c in latest if c.isprintable()).strip()[:_LONGEST]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError, RuntimeError):  # told to end in a print
            stream.flush()
