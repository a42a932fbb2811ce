"""What stands in place of the panels: while things load, and where the terminal is too small."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from core.snapshot import Snapshot
from tui.display import Display
from tui.layout import LEAST
from tui.widgets.bar import thin_bar

_WIDTH = 44


class Welcome(Static):
    """A friendly line and a bar, in the middle of the screen, until there is a run to show."""

    def __init__(self, display: Display) -> None:
        super().__init__(id="welcome")
        self._display = display

    def show(self, snapshot: Snapshot) -> None:
        lines = [
            Content.styled("gd-tui", "bold $primary"),
            Content.styled("the cockpit for gradient descent", "$foreground-muted"),
            Content(),
        ]
        if snapshot.loading is not None:
            done = thin_bar(snapshot.loading.share, _WIDTH, ascii=self._display.ascii)
            lines += [done, Content(), Content(self._display.text(snapshot.loading.what))]
        if snapshot.error:
            lines += [Content.styled(self._display.text(snapshot.error), "bold $error")]
        self.update(Content("\n").join(lines), layout=False)


class TooSmall(Static):
    """Says how much room is needed. Training goes on behind it."""

    def show(self, size: Size) -> None:
        lines = (
            Content.styled("a little more room, please", "bold"),
            Content(f"{LEAST.width} x {LEAST.height} will do"),
            Content.styled(f"this is {size.width} x {size.height}", "$foreground-muted"),
        )
        self.update(Content("\n").join(lines), layout=False)
