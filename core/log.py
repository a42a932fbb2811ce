"""What happens to a run, line by line, until somebody writes it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.checkpoint import Checkpoint


class Log:
    """Numbered lines, each with the update and the second that it belongs to.

    Where nobody `listens` they are counted, and not kept. `attached` are checkpoints that lines
    refer to by name; "start" is where the run began, if that was not from its settings alone.
    Seconds are of wall time, since the log began.
    """

    def __init__(self, clock: Callable[[], float], *, listens: bool = False) -> None:
        self.last = 0  # the number of the latest line; 0 is that of the heading
        self.first = 0  # the number of the line that the journal begins with
        self.attached: dict[str, Checkpoint] = {}
        self.news = False  # something was changed since this was last looked at
        self._clock = clock
        self._listens = listens
        self._began = clock()
        self._lines: list[dict[str, Any]] = []

    def another(self) -> Log:
        """The log of another run, to which the same people listen."""
        return Log(self._clock, listens=self._listens)

    def go_on(self, first: int, last: int, seconds: float) -> None:
        """Continue one that was written down from the line `first` to `last`."""
        self.take()
        self.first, self.last, self._began = first, last, self._clock() - seconds

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    def note(self, what: str, update: int, told: Mapping[str, Any] | None = None) -> None:
        """Add the line `what`, with what is `told` in it: values that JSON can say."""
        self.last += 1
        if self._listens:
            self._lines.append(self.line(what, update, told))

    def line(self, what: str, update: int, told: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A line as it is written."""
        seconds = round(self.seconds, 3)
        return {"n": self.last, "t": seconds, "update": update, "what": what, **(told or {})}

    def note_return(self, update: int, saved: Checkpoint, what: str = "return") -> None:
        """The run leaves `update` for an earlier moment, or one of another run."""
        to: dict[str, Any] = {"n": saved.line, "update": saved.at.updates}
        if self._listens and saved.line < self.first:
            name = f"moment-{self.last + 1}"
            self.attached[name] = saved
            to = {"file": name, "update": saved.at.updates}
        self.note(what, update, {"to": to})

    def attach(self, name: str, saved: Checkpoint) -> None:
        """A checkpoint that the journal refers to by `name`."""
        if self._listens:
            self.attached[name] = saved

    def take(self) -> list[dict[str, Any]]:
        """The lines since they were taken last."""
        taken, self._lines = self._lines, []
        return taken
