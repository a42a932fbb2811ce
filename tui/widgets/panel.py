"""The frame that every panel has: a name, live facts, a border that shows the focus."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Vertical

from core.snapshot import RunView
from tui.display import Display


class Panel(Vertical, can_focus=True):
    """A bordered part of the cockpit that draws some of a RunView.

    `border_title` (left) is its name, `border_subtitle` (right, below) holds live facts.
    """

    ALLOW_MAXIMIZE = True
    TITLE: ClassVar[str] = ""

    def __init__(self, display: Display, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.look = display
        self.border_title = self.TITLE

    def show(self, run: RunView) -> None:
        """Draw what has changed in `run`. Called at the frame rate, only while visible."""
        raise NotImplementedError
