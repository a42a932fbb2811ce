"""The panel that says in words what the pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.getters import query_one
from textual.widgets import Static

from core.figures import Instrument
from core.snapshot import RunView
from tui.explain import explain
from tui.widgets.panel import Panel

_MOST_OFTEN = 0.5  # seconds between new numbers, so that a sentence can be read in peace


def fitting(sentences: Sequence[str], width: int, height: int) -> str:
    """As many of the sentences, from the first, as fit into the room; at least the first."""
    text = ""
    for sentence in sentences:
        longer = f"{text} {sentence}".strip()
        if text and len(wrap(longer, max(width, 1))) > height:
            break
        text = longer
    return text


class ExplanationPanel(Panel):
    """Two or three sentences on what the strategy does, with this run's own numbers."""

    TITLE = "What you see"
    LOOKS_BACK = True
    INSTRUMENTS = frozenset({Instrument.LAYERS})  # on which there may be something to remark

    body = query_one(Static)

    _sentences: Sequence[str] = ()
    _situation: object = None
    _written_at = 0.0

    def compose(self) -> ComposeResult:
        yield Static()

    def show(self, run: RunView) -> None:
        """Say it anew when the situation is another; else only the numbers, now and then."""
        strategy = (run.config.strategy, run.examples_per_update)
        remarked = tuple(remark.rule for remark in run.remarks)
        situation = (run.name, run.state, strategy, run.glimpse, remarked)
        now = self._now()
        if situation == self._situation and now - self._written_at < _MOST_OFTEN:
            return
        self._situation, self._written_at = situation, now
        self._sentences = explain(run)
        self._write()

    def on_resize(self, _event: Resize) -> None:
        self._write()

    def _write(self) -> None:
        room = self.content_size
        text = self._display.text(fitting(self._sentences, room.width, room.height))
        if text != str(self.body.content):
            self.body.update(Content(text))
