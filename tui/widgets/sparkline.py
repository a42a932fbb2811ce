"""The latest values as a row of small bars, the newest at the right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import isfinite
from operator import itemgetter

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tui.display import Display

BARS = " ▁▂▃▄▅▆▇█"
ASCII_BARS = " .:-=+*#%@"


def bars(values: Sequence[float], height: int, levels: str) -> list[str]:
    """A column for each value in `height` rows of text; the first level of `levels` is blank.

    The lowest value is one level high, the highest fills every row, and one that is not finite
    is a gap.
    """
    finite = [value for value in values if isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    full = len(levels) - 1
    # Halved, for the difference of two large numbers may be infinite.
    scale = (full * height - 1) / ((high / 2 - low / 2) or 1.0)
    tall = [1 + int((v / 2 - low / 2) * scale + 0.5) if isfinite(v) else 0 for v in values]
    return [
        "".join(levels[min(max(t - full * row, 0), full)] for t in tall)
        for row in reversed(range(height))
    ]


class Sparkline(Widget):
    """As many of the latest values as it has columns, each in a colour of its own.

    Its own, because Textual's ends the app on a value that is not finite.
    """

    DEFAULT_CSS = "Sparkline { height: 1; width: 1fr; }"

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._levels = ASCII_BARS if display.ascii else BARS
        self._values: Sequence[float] = ()
        self._colours: Sequence[str] = ()
        self._drawn: tuple[Size, list[str]] = (Size(), [])

    def show(self, values: Sequence[float], colours: Sequence[str]) -> None:
        """Draw `values`, oldest first, each in the one of `colours` beside it."""
        if (list(values), list(colours)) != (list(self._values), list(self._colours)):
            self._values, self._colours = values, colours
            self._drawn = (Size(), [])
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._drawn[0] != self.size:
            self._drawn = (self.size, bars(self._values[-width:], self.size.height, self._levels))
        rows = self._drawn[1]
        base = self.rich_style
        text = rows[y] if y < len(rows) and width else ""
        painted = groupby(zip(text, self._colours[-width:], strict=False), itemgetter(1))
        line = [
            Segment("".join(bar for bar, _ in some), base + Style(color=colour))
            for colour, some in painted
        ]
        return Strip(line).adjust_cell_length(width, base)
