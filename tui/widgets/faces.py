"""The ways in which test examples are shown, and what they have in common."""

from __future__ import annotations

from typing import Protocol

from textual.message import Message

from core.snapshot import Digits, Numbers


class RoomChanged(Message):
    """There is room for another number of examples."""


class Face(Protocol):
    """Shows some examples, of which one is selected by its place among them.

    There is `room` for so many, of which `shown` stand there. `said` is the line that sums them
    up, in more words and in fewer; `title` what they are, `of_wrong` if only wrong ones are
    wanted.
    """

    @property
    def room(self) -> int: ...
    @property
    def shown(self) -> int: ...

    def show(self, said: Digits | Numbers | None, selected: int) -> None:
        """Draw what has changed."""
        ...

    def moved(self, place: int, across: int, down: int) -> int:
        """The place of the example that so many steps lead to."""
        ...

    def at(self, x: int, y: int) -> int | None:
        """The example that stands at a cell, if any does."""
        ...

    def title(self, *, only_wrong: bool) -> str: ...

    def facts(self, *, only_wrong: bool) -> tuple[str, ...]: ...
