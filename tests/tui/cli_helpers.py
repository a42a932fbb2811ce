"""Calling `gd-tui` within the test's own process; the fixture `call` does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Said(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error of a command that was used badly."""
        assert self.status == 2, self
        assert self.err.startswith("gd-tui: ")
        assert self.err.count("\n") == 1
        assert self.err.strip().isprintable()
        return self.err.strip()

    @property
    def settings(self) -> dict[str, str]:
        """What `gd-tui config` lists: "64 (default)" by name."""
        assert self.status == 0, self
        return dict(line.split(" = ", 1) for line in self.out.splitlines()[1:])


Call = Callable[..., Said]
