"""The panel of one test example: large, with the probability of every class as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.geometry import Size
from textual.getters import query_one
from textual.strip import Strip

from core.snapshot import Digits, RunView
from tui.display import RIGHT, WRONG, Colour, Display
from tui.format import count
from tui.widgets.bar import block_bar
from tui.widgets.half_blocks import Brush, Paint, Pictures, brush_for
from tui.widgets.painted import Painted
from tui.widgets.panel import Panel
from tui.widgets.verdict import Verdict, class_name, verdict, whole_percent

_LEAST_BAR = 5  # columns, so that two probabilities can be told apart
_PERCENT = 5  # columns of " 100%"
_LEAST_SIDE = 8  # pixels of a picture that can still be made out
_MARKS = 2  # columns before a class: the mark of the truth and a space


@dataclass(frozen=True, slots=True)
class Portrait:
    """Where things stand: a picture of `side` pixels at the left of the bars or above them.

    `side` 0 is no picture. `names` is the width of the class names, `bar` that of a full bar;
    there is room for `rows` classes.
    """

    side: int
    beside: bool
    names: int
    bar: int
    rows: int


def arrange(width: int, height: int, classes: tuple[str, ...], image_side: int) -> Portrait:
    """The largest picture that leaves room for the bars, a whole number of times its size if
    larger than life."""
    names = max(map(len, classes))
    least = _MARKS + names + 1 + _LEAST_BAR + _PERCENT
    beside = _side(min(2 * height, width - least - 1), image_side)
    above = _side(min(width, 2 * (height - len(classes) - 1)), image_side)
    if max(beside, above) < _LEAST_SIDE:
        side, room, rows = 0, width, height
    elif above > beside:
        side, room, rows = above, width, height - above // 2 - 1
    else:
        side, room, rows = beside, width - beside - 1, height
    names = min(names, max(room - least + names, 1))
    bar = max(room - _MARKS - names - 1 - _PERCENT, 0)
    return Portrait(side, beside >= above, names, bar, min(rows, len(classes)))


def _side(room: int, image_side: int) -> int:
    if room >= 2 * image_side:
        return room // image_side * image_side
    return max(min(room, image_side), 0) // 2 * 2


def listed(shares: Sequence[float], truth: int, rows: int) -> list[int]:
    """The classes to list, in their order: if not all have room, the true one and the likely."""
    likely = sorted(range(len(shares)), key=lambda n: (n != truth, -shares[n]))
    return sorted(likely[:rows])


class DigitView(Painted):
    """The picture, drawn once for an example, and the bars, painted where they change."""

    DEFAULT_CSS = "DigitView { width: 1fr; height: 1fr; }"

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
        if self._digits is not None and self._digits.labels:
            lines = self._example(self._digits, self._place)
        lines += [Strip([])] * (height - len(lines))
        return [line.adjust_cell_length(width, self.rich_style) for line in lines[:height]]

    def _example(self, digits: Digits, place: int) -> list[Strip]:
        """The picture and the bars, beside or below each other."""
        plan = arrange(*self.size, digits.classes, digits.images.shape[1])
        bars = self._bars(digits, place, plan)
        if not plan.side:
            return bars
        # A strip keeps what it was styled to, so that a picture costs nothing the second time.
        drawn = self._pictures.get(digits.images, place, plan.side, self._brush)
        picture = [line.apply_style(self.rich_style) for line in drawn]
        blank = self._blank
        if not plan.beside:
            indent = blank((self.size.width - plan.side) // 2)
            return [Strip.join([indent, line]) for line in picture] + [blank(1), *bars]
        pairs = zip_longest(picture, bars)
        return [
            Strip.join([left or blank(plan.side), blank(1), right or blank(0)])
            for left, right in pairs
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
            name = digits.classes[number][: plan.names].rjust(plan.names)
            colour = _colour(number, said)
            ink = colour.on(dark=not self._brush.light) if colour else None
            plain = self.rich_style + Style(color=ink)
            strong = plain + Style(bold=number in (said.truth, said.judged))
            filled = block_bar(shares[number], plan.bar, ascii=ascii)
            percent = whole_percent(shares[number]).rjust(_PERCENT)
            parts = [(f"{mark} {name} ", strong), (filled, plain), (percent, strong)]
            lines.append(Strip([Segment(*part) for part in parts]))
        return lines


def _colour(number: int, said: Verdict) -> Colour | None:
    """The true class in the colour of right, one wrongly preferred to it in that of wrong."""
    if number == said.truth:
        return RIGHT.colour
    return WRONG.colour if number == said.judged else None


class DigitPanel(Panel):
    """One test example and how sure the network is of each class, live while it trains."""

    TITLE = "Digit"
    LOOKS_BACK = True

    view = query_one(DigitView)

    _digits: Digits | None = None
    _place = 0

    def compose(self) -> ComposeResult:
        yield DigitView(self._display)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())

    def show(self, run: RunView) -> None:
        self._digits = run.digits
        self._draw()

    def select(self, place: int) -> None:
        """Show the example at `place` among those of the predictions panel."""
        self._place = place
        self._draw()

    def _draw(self) -> None:
        digits = self._digits
        self.view.show(digits, self._place)
        if digits is None or self._place >= len(digits.labels):
            self.entitle(self.TITLE)
            self.report("")
            return
        said = verdict(digits, self._place)
        kind = self.TITLE if all(name.isdigit() for name in digits.classes) else "Example"
        truth, judged = class_name(digits, said.truth), class_name(digits, said.judged)
        mark = said.look.mark(self._display.ascii)
        self.entitle(f"{kind} {count(digits.indices[self._place])}")
        self.report(
            f"{mark} {truth}" if said.look is RIGHT else f"{mark} {truth}, taken for {judged}"
        )
