"""A process whose output is read as it comes, from a terminal of its own or from a pipe."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

COLUMNS, LINES = 120, 40
GD_TUI = (sys.executable, "-m", "gd_tui")
NO_TERMINAL = "not measured here: needs a pseudo-terminal"

_PATIENCE = 120.0  # seconds until what must come counts as missing
_GRACE = 5.0  # seconds that a process is given to end
_OVERLAP = 256  # bytes of what came before that are searched once more


class MissingError(Exception):
    """What was to be measured did not happen; the text says what, in one line."""


def has_terminals() -> bool:
    """Whether this system lets a process have a terminal that another one reads."""
    if find_spec("termios") is None:
        return False
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """Where processes are started: an environment, and a folder that may be written to."""

    env: Mapping[str, str]
    folder: Path


class Watched:
    """Runs `command` and reads what it writes; with `terminal`, it sees a person's terminal.

    Used in a `with`, at whose end the process is over. Not for Windows.
    """

    def __init__(self, command: Sequence[str], place: Place, *, terminal: bool = True) -> None:
        self._source, sink = _open_terminal() if terminal else os.pipe()
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=sink if terminal else subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=place.env,
            cwd=place.folder,
            start_new_session=True,  # ctrl+c ends the benchmark, and that ends the process
        )
        os.close(sink)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if not self.over:  # with all that it started; there is nothing to save
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._source)

    def pieces(self, seconds: float) -> Iterator[tuple[float, bytes]]:
        """What is written within so long, each piece with the moment it was read.

        Ends sooner if the process does.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._source], [], [], left)
            if not ready:
                return
            piece = self._read()
            if not piece:
                return
            yield time.monotonic(), piece

    def wait_for(self, pattern: bytes, what: str) -> float:
        """The moment at which bytes that match `pattern` were read; else raises MissingError."""
        tail = b""
        for moment, piece in self.pieces(_PATIENCE):
            tail = tail[-_OVERLAP:] + piece
            if re.search(pattern, tail):
                return moment
        raise MissingError(f"not measured: {what} did not show")

    def watch(self, seconds: float) -> int:
        """Let it go on for so long; how many bytes it wrote."""
        return sum(len(piece) for _, piece in self.pieces(seconds))

    def drain(self, quiet: float, what: str) -> None:
        """Read until nothing has come for `quiet` seconds; else raises MissingError."""
        for _ in range(round(_PATIENCE / quiet)):
            if not self.watch(quiet):
                return
        raise MissingError(f"not measured: {what} did not come")

    def press(self, key: str) -> float:
        """Press a key; the moment at which that was done."""
        moment = time.monotonic()
        os.write(self._source, key.encode())
        return moment

    def stop(self) -> None:
        """Let it stand still, and take no processor's time, until it is to `go_on`."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.killpg(self._process.pid, signal.SIGCONT)

    @property
    def over(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def wait(self) -> int:
        """Read until the process has ended; its exit status."""
        self.watch(_PATIENCE)
        try:
            return self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            raise MissingError(f"not measured: no end came in {_PATIENCE:g} s") from None

    def _read(self) -> bytes:
        try:
            return os.read(self._source, 1 << 16)
        except OSError:  # so Linux says that nobody writes to a terminal any more
            return b""


def _open_terminal() -> tuple[int, int]:
    """Both ends of a new terminal: the person's, the process's."""
    import termios  # not on Windows

    person, process = os.openpty()
    termios.tcsetwinsize(process, (LINES, COLUMNS))
    return person, process
