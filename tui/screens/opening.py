"""What is on the screen first: as little as can be, while the cockpit itself is being read."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from core.snapshot import Snapshot
from tui.display import Display
from tui.widgets.welcome import Welcome


class OpeningScreen(Screen[None]):
    """Looks as the cockpit will look a moment later, without a run."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display

    def compose(self) -> ComposeResult:
        yield Welcome(self._display)

    def on_mount(self) -> None:
        self.query_one(Welcome).show(Snapshot())
