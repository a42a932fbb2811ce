"""A drawing that takes long: made again only when there is something new, and not too often."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.content import Content
from textual.message import Message

from tui.display import Display
from tui.widgets.lines import Lines

_MOST_OFTEN = 1.0  # seconds between two drawings
_SHARE = 10  # drawing may take one part in so many of the time, on a slow machine


class Unhurried(Lines):
    """Of a drawing, only the lines that differ from the one before are painted.

    `drawings` counts how often it was drawn.
    """

    DEFAULT_CSS = "Unhurried { height: 1fr; width: 1fr; min-height: 4; }"

    class Resized(Message):
        """The room for the drawing has changed."""

    def __init__(self, display: Display, now: Callable[[], float]) -> None:
        super().__init__()
        self._display = display
        self._now = now
        self._drawn: object = None
        self._free_at = 0.0
        self.drawings = 0

    def offer(self, due: object, draw: Callable[[], Iterable[Content]], *, can_wait: bool) -> None:
        """Let `draw` make the lines, unless what stands here is already that of `due`.

        If it can wait, for another will be offered soon, that is done only now and then.
        """
        if due == self._drawn or (can_wait and self._now() < self._free_at):
            return
        self._drawn = due
        began = self._now()
        self.write(*draw())
        self.drawings += 1
        self._free_at = began + max(_MOST_OFTEN, _SHARE * (self._now() - began))

    def on_resize(self) -> None:
        self.post_message(self.Resized())
