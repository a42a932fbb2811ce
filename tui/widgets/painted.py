"""A widget drawn line by line, of which only the columns that changed are painted again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class Painted(Widget):
    """Keeps each line as it stands on the screen, and compares before it paints.

    What is painted travels to the terminal, which may be at the far end of a slow line.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: dict[int, Strip] = {}
        self._strips_size = Size()

    def line(self, y: int) -> Strip:
        """Line `y` as it is to be, as wide as the widget."""
        raise NotImplementedError

    def repaint(self, lines: Iterable[int]) -> None:
        """Draw these lines anew, and paint what differs of them."""
        for y in lines:
            before = self._strips.get(y)
            if before is None or self._strips_size != self.size:
                self.refresh(Region(0, y, self.size.width, 1))
                continue
            self._strips[y] = after = self.line(y)
            left, right = difference(before, after)
            if left < right:
                self.refresh(Region(left, y, right - left, 1))

    def repaint_all(self) -> None:
        """Forget what stands there, and paint all of it."""
        self._strips.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self._strips_size != self.size:
            self._strips.clear()
            self._strips_size = self.size
        if y not in self._strips:
            self._strips[y] = self.line(y)
        return self._strips[y]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()


def difference(before: Strip, after: Strip) -> tuple[int, int]:
    """The columns, from the first to before the last, in which two strips differ; (0, 0) if none.

    Where characters take more than one column, that is the whole line.
    """
    old, new = _cells(before), _cells(after)
    if len(old) != len(new) or len(old) != before.cell_length or len(new) != after.cell_length:
        return 0, max(before.cell_length, after.cell_length)
    pairs = list(zip(old, new, strict=True))
    left = _alike(pairs)
    return (0, 0) if left == len(pairs) else (left, len(pairs) - _alike(reversed(pairs)))


def _cells(strip: Strip) -> list[tuple[str, object]]:
    return [(character, segment.style) for segment in strip for character in segment.text]


def _alike(pairs: Iterable[tuple[object, object]]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
