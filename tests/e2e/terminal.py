"""A real terminal for tests: a pty with `gd-tui` in it, and a screen that can be read."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

GD_TUI = (sys.executable, "-m", "tui")
PATIENCE = 60.0  # seconds until what must happen counts as missing: machines are busy at times
KEYS = {
    "enter": "\r",
    "line feed": "\n",  # what Enter is to a shell, however the terminal was left
    "escape": "\x1b",
    "ctrl+c": "\x03",
    "ctrl+z": "\x1a",
    "clear line": "\x15",
}

# Makes the terminal on standard input its own, as a login does, and becomes the command: only a
# terminal's owner is sent SIGHUP when it goes away.
_AS_OWNER = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
# A shell in which the command is a job: where it stops, its screen is cleared; a line brings it
# back.
_IN_SHELL = """
"$@"; status=$?
while [ $status -gt 143 ]; do  # 128 and the signal that stopped it; SIGTERM would have ended it
    printf '\\033[H\\033[2Jstopped\\n'; read line; fg >/dev/null; status=$?
done
exit $status
"""
_SCREEN_BACK = b"\x1b[?1049l"
_ESCAPE = re.compile(rb"\x1b\[[<>?]?[\d;]*[A-Za-z]")
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_COLOUR = re.compile(rb"[34]8;2;(\d+);(\d+);(\d+)")
_KEYBOARD_ON, _KEYBOARD_OFF = re.compile(rb"\x1b\[>\d+u"), re.compile(rb"\x1b\[<u")
_CURSOR, _LINE_WRAP = "25", "7"  # the modes that are on in a terminal left alone


class Terminal:
    """Runs `gd-tui` with `args`, or another `command`, in a terminal of `size` (columns, lines).

    With `owned` False its process is not told by SIGHUP that the terminal went away; with
    `shell` it is the job of a shell.
    """

    def __init__(
        self,
        *args: str,
        env: Mapping[str, str],
        cwd: Path,
        size: tuple[int, int] = (120, 40),
        owned: bool = True,
        shell: bool = False,
        command: Sequence[str] = GD_TUI,
    ) -> None:
        command = [*command, *args]
        if shell:
            command = ["sh", "-m", "-c", _IN_SHELL, "sh", *command]
        if owned:
            command = [sys.executable, "-c", _AS_OWNER, *command]
        self._shell = shell
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._raw = bytearray()
        self._news = threading.Condition()  # guards the three above
        self._over = False  # nothing more will come
        self._stop, self._stopper = os.pipe()
        self._master, slave = os.openpty()
        self._tell_size(*size)
        self._settings = termios.tcgetattr(slave)
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, name="terminal")
        self._reader.start()

    # What is on the screen

    @property
    def text(self) -> str:
        """What the screen says now, line by line."""
        with self._news:
            return "\n".join(self._screen.display)

    @property
    def raw(self) -> bytes:
        """Every byte that came, escape sequences and all."""
        with self._news:
            return bytes(self._raw)

    @property
    def coloured(self) -> bool:
        """Whether a colour other than a grey was ever asked for."""
        return any(len(set(channels)) > 1 for channels in _COLOUR.findall(self.raw))

    def wait_for(self, wanted: str | Callable[[str], object]) -> str:
        """Wait until the screen says `wanted`, or `wanted` is true of it; what it says then."""
        met = wanted if callable(wanted) else lambda text: wanted in text
        with self._news:
            if not self._news.wait_for(lambda: met(self.text) or self._over, PATIENCE):
                raise AssertionError(f"no {wanted!r} in {PATIENCE} s:\n{self.text}")
            assert met(self.text), f"it ended without {wanted!r}:\n{self.text}"
            return self.text

    def wait_until_still(self, seconds: float) -> None:
        """Wait until not one byte has come for so long."""
        deadline = time.monotonic() + PATIENCE
        with self._news:
            while self._news.wait(seconds):
                assert time.monotonic() < deadline, f"it never stands still:\n{self.text}"

    # What a person does

    def press(self, *keys: str) -> None:
        """Type text, or keys named in KEYS."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def resize(self, columns: int, lines: int) -> None:
        with self._news:
            self._screen.resize(lines, columns)
        self._tell_size(columns, lines)

    def send_signal(self, number: signal.Signals) -> None:
        """Send gd-tui a signal; beneath a shell, it must not be suspended."""
        os.kill(os.tcgetpgrp(self._master) if self._shell else self._process.pid, number)

    def hang_up(self) -> None:
        """Take the terminal away, as closing its window does."""
        os.write(self._stopper, b".")
        self._reader.join()
        os.close(self._master)

    # How it ends

    def exit_status(self, seconds: float = PATIENCE) -> int:
        """Wait until the process has ended and all that it wrote was read."""
        status = self._process.wait(seconds)
        with self._news:
            assert self._news.wait_for(lambda: self._over, PATIENCE)
        return status

    @property
    def last_words(self) -> list[str]:
        """The lines that were written once the app had given the screen back."""
        _, _, after = self.raw.rpartition(_SCREEN_BACK)
        return _ESCAPE.sub(b"", after).decode().splitlines()

    @property
    def left_clean(self) -> bool:
        """Whether it left the terminal as it was: its modes, its keyboard, its settings."""
        modes = {_CURSOR: True, _LINE_WRAP: True}
        for names, switch in _MODE.findall(self.raw):
            modes |= dict.fromkeys(names.decode().split(";"), switch == b"h")
        on = {name for name, is_on in modes.items() if is_on}
        pushed, popped = (len(each.findall(self.raw)) for each in (_KEYBOARD_ON, _KEYBOARD_OFF))
        settings = termios.tcgetattr(self._master)
        return on == {_CURSOR, _LINE_WRAP} and pushed == popped and settings == self._settings

    def close(self) -> None:
        """End the process if it lives still, and give everything back."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._reader.is_alive():
            self.hang_up()

    def _read(self) -> None:
        """Feed the screen with what comes, until it ends or the terminal is taken away."""
        while not self._over:
            ready, _, _ = select.select([self._master, self._stop], [], [])
            output = b"" if self._stop in ready else self._output()
            with self._news:
                self._raw += output
                self._stream.feed(output)
                self._over = not output
                self._news.notify_all()

    def _output(self) -> bytes:
        try:
            return os.read(self._master, 65_536)
        except OSError:  # so Linux says that the process has gone
            return b""

    def _tell_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
