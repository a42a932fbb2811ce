"""A real gd-tui that trains in a process of its own, and how fast it does."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

from tui.bench.process import MissingError, Place, Watched

_PATIENCE = 120.0  # seconds until training that does not begin, or go on, counts as missing
_LEAD = 0.25  # the part of a turn that is not counted
_LOOK = 0.05  # seconds between two looks at the notes


class Note(NamedTuple):
    """A moment of the monotonic clock, and how many updates were made until then."""

    moment: float
    updates: float


class Training:
    """`gd-tui --start` in a terminal, or with `screen` off `gd-tui run`, with these options.

    With several `runs`, these are forks of the first, and all of them train.

    Used in a `with`, at whose end it is over. `output` is the process to be read.
    """

    def __init__(
        self, options: Sequence[str], place: Place, *, screen: bool = True, runs: int = 1
    ) -> None:
        self._file = place.folder / f"notes-{'on' if screen else 'off'}-{runs}"
        self._file.unlink(missing_ok=True)
        noted = (sys.executable, "-m", "tui.bench.noted", str(self._file), str(runs))
        self.began = time.monotonic()
        self.output = Watched(
            (*noted, "--start" if screen else "run", *options), place, terminal=screen
        )

    def __enter__(self) -> Self:
        self.output.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.output.__exit__(kind, fault, trace)

    def first_update(self) -> float:
        """The moment at which the first update was seen. Raises MissingError if none is."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and not self.output.over:
            if notes := self._notes():
                return notes[0].moment
            self.output.watch(_LOOK)
        raise MissingError("not measured: training did not begin")

    def updates_per_second(self, seconds: float) -> float:
        """Of wall time, while it goes on for so long, or until something can be told; it stands
        still before and after.

        A part of that is left out at the beginning: what was under way when it was stopped.
        """
        deadline = time.monotonic() + _PATIENCE
        self.output.go_on()
        self.output.watch(_LEAD * seconds)
        known = len(self._notes())
        self.output.watch((1 - _LEAD) * seconds)
        while len(notes := self._notes()[known:]) < 2:
            if time.monotonic() > deadline or self.output.over:
                raise MissingError("not measured: training did not go on")
            self.output.watch(_LOOK)
        self.output.stop()
        return pace(notes)

    def _notes(self) -> list[Note]:
        if not self._file.exists():
            return []
        text = self._file.read_text(encoding="utf-8")
        lines = text[: text.rfind("\n") + 1].splitlines()  # the last may be half written
        return [Note(*map(float, line.split())) for line in lines]


def pace(notes: Sequence[Note]) -> float:
    """Updates per second from the first of the notes to the last."""
    return (notes[-1].updates - notes[0].updates) / (notes[-1].moment - notes[0].moment)
