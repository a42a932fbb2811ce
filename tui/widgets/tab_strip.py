"""The names of the panels that share one place, with the one in front marked and in view."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.content import Content
from textual.events import Click
from textual.message import Message

from tui.widgets.lines import Lines

_JOINT = "\N{NO-BREAK SPACE}"  # keeps a name of several words on one line


class TabStrip(Lines):
    """A click on a name brings its panel to the front."""

    class Chosen(Message):
        """The panel of this title is wanted in front."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._titles: Sequence[str] = ()
        self._front = ""

    def show(self, titles: Sequence[str], front: str) -> None:
        """Show these titles, and mark the one that is in front."""
        self._titles, self._front = titles, front
        joined = "  ".join(title.replace(" ", _JOINT) for title in self._titles)
        rows = wrap(joined, max(10, self.size.width - 1), break_long_words=False)
        rows = [text.replace(_JOINT, " ") for text in rows]
        place = next((place for place, text in enumerate(rows) if front in text), 0)
        top = max(0, place + 1 - max(1, self.size.height))
        self.write(*(self._row(text) for text in rows[top:]))

    def on_resize(self) -> None:
        self.show(self._titles, self._front)

    def on_click(self, event: Click) -> None:
        row = self.text.splitlines()[event.y : event.y + 1]
        for title in self._titles:
            start = row[0].find(title) if row else -1
            if 0 <= start <= event.x < start + len(title):
                self.post_message(self.Chosen(title))

    def _row(self, text: str) -> Content:
        row = Content.styled(f" {text}", "$foreground-muted")
        start = row.plain.find(self._front)
        if not self._front or start < 0:
            return row
        return row.stylize("bold underline $primary", start, start + len(self._front))
