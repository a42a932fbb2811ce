"""The panel of what was changed when, the newest first."""

from __future__ import annotations

from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from core.snapshot import Event, RunView
from tui import format as fmt
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel
from tui.writing import event_text

_NUMBER_WIDTH = 7  # of the column of updates, at least


class EventsPanel(Panel):
    """Each event with the update that it happened at; up and down scroll."""

    TITLE = "Events"
    KEYS = "up, down"
    KEYS_HELP = (("up down", "scroll the events"),)

    BINDINGS = [
        Binding("up", "scroll(-1)", "newer events"),
        Binding("down", "scroll(1)", "older events"),
        Binding("pageup", "scroll(-10)", "newer events"),
        Binding("pagedown", "scroll(10)", "older events"),
    ]

    _events: tuple[Event, ...] = ()
    _top = 0

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def show(self, run: RunView) -> None:
        if run.events is self._events:
            return
        self._events = run.events
        self._top = 0
        self._draw()

    def action_scroll(self, lines: int) -> None:
        self._top = max(0, self._top + lines)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        lines = self.query_one(Lines)
        width, height = lines.size
        numbers = [len(fmt.count(event.at.updates)) for event in self._events]
        column = max([_NUMBER_WIDTH, *numbers])
        written = [
            line for event in reversed(self._events) for line in self._lines(event, column, width)
        ]
        self._top = max(0, min(self._top, len(written) - height))
        lines.write(*written[self._top : self._top + height])

    def _lines(self, event: Event, column: int, width: int) -> list[Content]:
        """One event: its update in a column of its own, its text wrapped beside it."""
        number = f" {fmt.count(event.at.updates):>{column}}  "
        room = max(10, width - len(number) - 1)
        first, *rest = wrap(self._display.text(event_text(event)), room) or [""]
        return [
            Content.assemble((number, "$foreground-muted"), first),
            *(Content(" " * len(number) + line) for line in rest),
        ]
