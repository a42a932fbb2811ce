"""The frame that every panel has: a name, live facts, a border that shows the focus."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.geometry import Region
from textual.message import Message

from core.commands import Command
from core.figures import Instrument
from core.snapshot import RunView
from tui.company import Company
from tui.display import Display
from tui.widgets.fit import fullest

_CORNERS = 6  # columns of the upper border that no title can take


class Panel(Vertical, can_focus=True):
    """A bordered part of the cockpit that draws some of a RunView.

    Its name stands on the upper border, left, and while it has the focus the keys that work in
    it, given room; live facts stand on the lower border, right. `KEYS_HELP` explains those keys
    in the help. A panel that `LOOKS_BACK` shows the moment of the run that is looked at. While it
    is in view, its `INSTRUMENTS` measure.
    """

    ALLOW_MAXIMIZE = True
    TITLE: ClassVar[str] = ""
    KEYS: ClassVar[str] = ""
    KEYS_HELP: ClassVar[tuple[tuple[str, str], ...]] = ()
    LOOKS_BACK: ClassVar[bool] = False
    INSTRUMENTS: ClassVar[frozenset[Instrument]] = frozenset()

    class Asked(Message):
        """The person asked for something that the engine is to do.

        It is for the run of the id `run`, or for the selected one.
        """

        def __init__(self, command: Command, run: int | None = None) -> None:
            super().__init__()
            self.command = command
            self.run = run

    def __init__(
        self,
        display: Display,
        *,
        id: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(id=id)
        self._display = display
        self._now = now
        self._title = self._facts = ""
        self._dates: tuple[str, ...] = ()
        self.entitle(self.TITLE)

    def entitle(self, name: str) -> None:
        """Put a name on the upper border. A new one paints the whole panel again."""
        if name != self._title:
            self._title = name
            self._write_title()

    def date(self, *wordings: str) -> None:
        """Say beside the name as of when all this is; without wordings it is as of now.

        The first that there is room for is written.
        """
        if wordings != self._dates:
            self._dates = wordings
            self.set_class(bool(wordings), "-then")
            self._write_title()

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self._write_title()

    @on(Resize)
    def _write_title(self) -> None:
        title, room = self._title, self.outer_size.width - _CORNERS
        wordings = [title]
        if self._dates:
            wordings = [*(f"{title} · {date}" for date in self._dates), *self._dates]
        elif self.KEYS and self.has_focus:
            wordings = [f"{title} · {self.KEYS}", title]
        self.border_title = Content(fullest(room, *map(self._display.text, wordings)))

    def report(self, facts: str) -> None:
        """Put live facts on the lower border, and paint no more than that line."""
        if facts != self._facts:
            self._facts = facts
            # Setting `border_subtitle` would paint the whole panel, many times a second.
            self._border_subtitle = Content(facts)
            left, top = self.content_offset
            width, height = self.outer_size
            self.refresh(Region(-left, height - 1 - top, width, 1))

    @property
    def _dark(self) -> bool:
        """Whether the ground is dark."""
        return self.app.current_theme.dark

    def show(self, run: RunView) -> None:
        """Draw what has changed in `run`. Called several times a second, only while visible."""
        raise NotImplementedError

    def show_company(self, company: Company) -> None:
        """The same, for a panel that shows all runs; the others show the selected one."""
        self.show(company.run)
