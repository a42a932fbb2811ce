"""One test example of a class: its picture or its values, and how likely each class is."""

from __future__ import annotations

from itertools import zip_longest

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from core.snapshot import Digits
from tui.display import RIGHT, WRONG, Colour, Display
from tui.widgets import values
from tui.widgets.bar import block_bar
from tui.widgets.half_blocks import Brush, Paint, Pictures, brush_for
from tui.widgets.painted import Painted
from tui.widgets.portrait import PERCENT, Portrait, arrange, bars_alone, listed
from tui.widgets.verdict import Verdict, verdict, whole_percent


class ExampleView(Painted):
    """The picture, drawn once for an example, and the bars, painted where they change."""

    DEFAULT_CSS = "ExampleView { width: 1fr; height: 1fr; }"

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self._pictures = Pictures()
        self._digits: Digits | None = None
        self._place = 0
        self._brush = Brush(Paint.ASCII)
        self._drawn: tuple[Size, list[Strip]] = (Size(), [])

    def show(self, digits: Digits | None, place: int) -> None:
        """Draw the example at `place`, or nothing where there is none."""
        there = digits if digits is not None and place < len(digits.labels) else None
        brush = brush_for(self.app, self._display)
        if there is not self._digits or (place, brush) != (self._place, self._brush):
            self._digits, self._place, self._brush = there, place, brush
            self._drawn = (Size(), [])
            self.repaint(range(self.size.height))

    def line(self, y: int) -> Strip:
        if self._drawn[0] != self.size:
            self._drawn = (self.size, self._draw())
        return self._drawn[1][y]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn = (Size(), [])

    def _draw(self) -> list[Strip]:
        width, height = self.size
        lines: list[Strip] = []
        if self._digits is not None:
            pictures = self._digits.images is not None
            draw = self._picture_and_bars if pictures else self._bars_and_values
            lines = draw(self._digits, self._place)
        lines += [Strip([])] * (height - len(lines))
        return [line.adjust_cell_length(width, self.rich_style) for line in lines[:height]]

    def _bars_and_values(self, digits: Digits, place: int) -> list[Strip]:
        """The bars, and below them the values that the network is given."""
        width, height = self.size
        given = [] if digits.inputs is None else digits.inputs[place].ravel().tolist()
        rows = values.lines_left(len(digits.classes), len(given), width, height)
        bars = self._bars(digits, place, bars_alone(width, height - rows, digits.classes))
        muted = self.rich_style + Style(dim=True)
        told = values.lines(given, width, rows)
        return [*bars, *(Strip([Segment(line, muted)]) for line in told)]

    def _picture_and_bars(self, digits: Digits, place: int) -> list[Strip]:
        """Beside or below each other."""
        images = digits.images
        assert images is not None
        plan = arrange(*self.size, digits.classes, images.shape[1:3])
        bars = self._bars(digits, place, plan)
        if not all(plan.picture):
            return bars
        # A strip keeps what it was styled to, so that a picture costs nothing the second time.
        drawn = self._pictures.get(images, place, plan.picture, self._brush)
        picture = [line.apply_style(self.rich_style) for line in drawn]
        blank, wide = self._blank, plan.picture[1]
        if not plan.beside:
            indent = blank((self.size.width - wide) // 2)
            return [Strip.join([indent, line]) for line in picture] + [blank(1), *bars]
        pairs = zip_longest(picture, bars)
        return [
            Strip.join([left or blank(wide), blank(1), right or blank(0)]) for left, right in pairs
        ]

    def _blank(self, width: int) -> Strip:
        return Strip.blank(width, self.rich_style)

    def _bars(self, digits: Digits, place: int, plan: Portrait) -> list[Strip]:
        """A line for each class: a mark if it is the true one, its name, bar and percentage."""
        said, ascii = verdict(digits, place), self._display.ascii
        shares = digits.probabilities[place].tolist()
        lines = []
        for number in listed(shares, said.truth, plan.rows):
            mark = (">" if ascii else "▸") if number == said.truth else " "
            name = _at_the_right(self._display.text(digits.classes[number]), plan.names)
            colour = _colour(number, said)
            ink = colour.on(dark=not self._brush.light) if colour else None
            plain = self.rich_style + Style(color=ink)
            strong = plain + Style(bold=number in (said.truth, said.judged))
            filled = block_bar(shares[number], plan.bar, ascii=ascii)
            percent = whole_percent(shares[number]).rjust(PERCENT)
            parts = [(f"{mark} {name} ", strong), (filled, plain), (percent, strong)]
            lines.append(Strip([Segment(*part) for part in parts]))
        return lines


def _at_the_right(name: str, width: int) -> str:
    """The name in so many columns, of which some signs take two."""
    return " " * (width - cell_len(name)) + set_cell_size(name, min(cell_len(name), width))


def _colour(number: int, said: Verdict) -> Colour | None:
    """The true class in the colour of right, one wrongly preferred to it in that of wrong."""
    if number == said.truth:
        return RIGHT.colour
    return WRONG.colour if number == said.judged else None
