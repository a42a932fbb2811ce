"""Test examples that are pictures, as a grid, each with what the network takes it for."""

from __future__ import annotations

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.strip import Strip

from core.snapshot import Digits, Numbers
from tui.display import Colour, Display
from tui.widgets.faces import RoomChanged
from tui.widgets.half_blocks import Brush, Paint, Pictures, brush_for
from tui.widgets.painted import Painted
from tui.widgets.picture_size import Size
from tui.widgets.tiles import tile
from tui.widgets.verdict import class_name, tally, verdict, whole_percent


def caption(digits: Digits, place: int, width: int, ascii: bool) -> tuple[str, Colour]:
    """The line under a picture, `width` wide, and its colour: sign, prediction, confidence."""
    judged = verdict(digits, place)
    sure = whole_percent(judged.confidence)
    room = max(width - len(sure) - 3, 1)
    name = set_cell_size(Display(ascii).text(class_name(digits, judged.judged)), room)
    said = f"{judged.look.mark(ascii)} {name} {sure}"[:width]
    return said.ljust(width), judged.look.colour


class PictureGrid(Painted):
    """The pictures; only the captions are drawn again while the same examples are shown."""

    DEFAULT_CSS = "PictureGrid { height: 1fr; width: 1fr; }"

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self._pictures = Pictures()
        self._digits: Digits | None = None
        self._brush = Brush(Paint.ASCII)
        self._own: Size = (28, 28)
        self.tiling = tile(0, 0)
        self.selected = 0

    @property
    def room(self) -> int:
        return self.tiling.count

    @property
    def shown(self) -> int:
        return min(self.room, len(self._digits.labels)) if self._digits else 0

    def expect(self, own: Size) -> None:
        """Make room for pictures of this size, as they are in the data."""
        if own != self._own:
            self._own = own
            self._tile()

    def show(self, said: Digits | Numbers | None, selected: int) -> None:
        """Draw the pictures if they are others, the captions if they say something else."""
        digits = said if isinstance(said, Digits) and said.images is not None else None
        before, brush = self._digits, brush_for(self.app, self._display)
        same = before is not None and digits is not None and before.images is digits.images
        if digits is before and selected == self.selected and brush == self._brush:
            return
        self._digits, self.selected = digits, selected
        if not same or brush != self._brush:
            self._brush = brush
            self.repaint_all()
            return
        height = self.tiling.height
        self.repaint(range(height - 1, height * self.tiling.rows, height))

    def moved(self, place: int, across: int, down: int) -> int:
        """Along the rows, or along the columns and round their ends."""
        shown, columns = self.shown, self.tiling.columns
        if across:
            return (place + across) % shown
        column = place % columns
        places = range(column, shown, columns)
        return places[(place // columns + down) % len(places)]

    def at(self, x: int, y: int) -> int | None:
        place = self.tiling.at(x, y)
        return place if place is not None and place < self.shown else None

    def title(self, *, only_wrong: bool) -> str:
        return "Only wrong predictions" if only_wrong else "Predictions"

    def facts(self, *, only_wrong: bool) -> tuple[str, ...]:
        return (tally(self._digits, self.shown, only_wrong=only_wrong),)

    def on_resize(self, _: Resize) -> None:
        self._tile()

    def _tile(self) -> None:
        before, self.tiling = self.tiling, tile(*self.size, self._own)
        if self.tiling != before:
            self.repaint_all()
            self.post_message(RoomChanged())

    def line(self, y: int) -> Strip:
        row, line = divmod(y, self.tiling.height)
        last = line == self.tiling.height - 1
        return self._caption_line(row) if last else self._picture_line(row, line)

    def _places(self, row: int) -> range:
        first = row * self.tiling.columns
        return range(first, min(first + self.tiling.columns, self.shown))

    def _joined(self, tiles: list[Strip]) -> Strip:
        base = self.rich_style
        gap, left = Strip.blank(1, base), Strip.blank(self.tiling.left, base)
        # A strip keeps what it was styled to, so that a picture costs nothing the second time.
        spaced = Strip.join([left, *(part for t in tiles for part in (t.apply_style(base), gap))])
        return spaced.adjust_cell_length(self.size.width, base)

    def _picture_line(self, row: int, line: int) -> Strip:
        if self._digits is None or self._digits.images is None:
            return self._joined([])
        images, tiling = self._digits.images, self.tiling
        drawn = [
            self._pictures.get(images, place, tiling.picture, self._brush)[line]
            for place in self._places(row)
        ]
        if (spare := tiling.width - tiling.picture[1]) > 0:
            drawn = [_in_the_middle(each, spare) for each in drawn]
        return self._joined(drawn)

    def _caption_line(self, row: int) -> Strip:
        if self._digits is None:
            return self._joined([])
        tiles = []
        for place in self._places(row):
            said, colour = caption(self._digits, place, self.tiling.width, self._display.ascii)
            chosen = place == self.selected
            style = Style(color=colour.on(dark=not self._brush.light), reverse=chosen, bold=chosen)
            tiles.append(Strip([Segment(said, style)], self.tiling.width))
        return self._joined(tiles)


def _in_the_middle(line: Strip, spare: int) -> Strip:
    return Strip.join([Strip.blank(spare // 2), line, Strip.blank(spare - spare // 2)])
