"""Lines of styled text that change many times a second."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.content import Content
from textual.strip import Strip
from textual.visual import Visual

from tui.widgets.painted import Painted


class Lines(Painted):
    """Text of which each line is compared with what stands there.

    Its height is given by the style sheet, so that new text never moves the layout. Lines are
    cut at the widget's edge, not wrapped.
    """

    DEFAULT_CSS = "Lines { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Content] = ()

    def write(self, *lines: Content) -> None:
        """Show these lines, from the top, in place of those that were there."""
        before, self._lines = self._lines, lines
        self.repaint(
            y
            for y, (old, new) in enumerate(zip_longest(before, lines))
            if old is None or new is None or not old.is_same(new)
        )

    @property
    def text(self) -> str:
        """What is written, without its styles."""
        return "\n".join(line.plain for line in self._lines)

    def line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines) or not width:
            return Strip.blank(width, self.visual_style.rich_style)
        return Visual.to_strips(self, self._lines[y], width, 1, self.visual_style)[0]
