"""The panel of real test examples, each with what the network takes it for."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Click, Resize
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from core.commands import ShowDigits
from core.snapshot import Digits, RunView
from tui.display import RIGHT, Colour, Display
from tui.widgets.half_blocks import Brush, Paint, Pictures, brush_for
from tui.widgets.painted import Painted
from tui.widgets.panel import Panel
from tui.widgets.tiles import Tiling, tile
from tui.widgets.verdict import class_name, verdict, whole_percent


def caption(digits: Digits, place: int, width: int, ascii: bool) -> tuple[str, Colour]:
    """The line under a picture, `width` wide, and its colour: sign, prediction, confidence."""
    judged = verdict(digits, place)
    sure = whole_percent(judged.confidence)
    room = max(width - len(sure) - 3, 1)
    name = class_name(digits, judged.judged)[:room].ljust(room)
    said = f"{judged.look.mark(ascii)} {name} {sure}"[:width]
    return said.ljust(width), judged.look.colour


class DigitGrid(Painted):
    """The pictures; only the captions are drawn again while the same examples are shown."""

    DEFAULT_CSS = "DigitGrid { height: 1fr; width: 1fr; }"

    class Resized(Message):
        """The room for tiles has changed."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self._pictures = Pictures()
        self._digits: Digits | None = None
        self._brush = Brush(Paint.ASCII)
        self.tiling = Tiling(8, 0, 0, 0)
        self.selected = 0

    @property
    def shown(self) -> int:
        """How many examples stand there."""
        return min(self.tiling.count, len(self._digits.labels)) if self._digits else 0

    def show(self, digits: Digits | None, selected: int) -> None:
        """Draw the pictures if they are others, the captions if they say something else."""
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

    def on_resize(self, event: Resize) -> None:
        self.tiling = tile(event.size.width, event.size.height)
        self.repaint_all()
        self.post_message(self.Resized())

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
        if self._digits is None:
            return self._joined([])
        images, side = self._digits.images, self.tiling.side
        return self._joined(
            [self._pictures.get(images, i, side, self._brush)[line] for i in self._places(row)]
        )

    def _caption_line(self, row: int) -> Strip:
        if self._digits is None:
            return self._joined([])
        tiles = []
        for place in self._places(row):
            said, colour = caption(self._digits, place, self.tiling.side, self._display.ascii)
            chosen = place == self.selected
            style = Style(color=colour.on(dark=not self._brush.light), reverse=chosen, bold=chosen)
            tiles.append(Strip([Segment(said, style)], self.tiling.side))
        return self._joined(tiles)


class PredictionsPanel(Panel):
    """Real test examples and what the network says of them, live; arrows select one."""

    TITLE = "Predictions"
    KEYS = "arrows select"
    KEYS_HELP = (("arrows", "among the digits: select one"),)
    LOOKS_BACK = True
    BINDINGS = [
        Binding("left", "select(-1, 0)", "Select", show=False),
        Binding("right", "select(1, 0)", "Select", show=False),
        Binding("up", "select(0, -1)", "Select", show=False),
        Binding("down", "select(0, 1)", "Select", show=False),
    ]

    grid = query_one(DigitGrid)
    selected = reactive(0)
    only_wrong = reactive(False)

    class Selected(Message):
        """Another example is the chosen one: its place in `Digits`."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    _digits: Digits | None = None

    def compose(self) -> ComposeResult:
        yield DigitGrid(self._display)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())

    def show(self, run: RunView) -> None:
        self._digits = run.digits
        self._draw()

    def action_fresh(self) -> None:
        """Ask for other examples."""
        self.ask(fresh=True)

    def action_toggle_wrong(self) -> None:
        """Ask for wrongly judged examples only, or for any again."""
        self.only_wrong = not self.only_wrong
        self.ask()

    def action_select(self, across: int, down: int) -> None:
        """Move the choice, round the grid's edges."""
        shown, columns = self.grid.shown, self.grid.tiling.columns
        if not shown:
            return
        if across:
            self.selected = (self.selected + across) % shown
            return
        column = self.selected % columns
        places = range(column, shown, columns)
        self.selected = places[(self.selected // columns + down) % len(places)]

    def on_click(self, event: Click) -> None:
        place = self.grid.tiling.at(*event.get_content_offset_capture(self.grid))
        if place is not None and place < self.grid.shown:
            self.selected = place

    def on_digit_grid_resized(self) -> None:
        self.ask()
        self._draw()

    def watch_selected(self, place: int) -> None:
        self.post_message(self.Selected(place))
        self._draw()

    def ask(self, *, fresh: bool = False) -> None:
        """Ask for as many examples as there is room for."""
        # One at least: the panel of a single example shows it even where there is no grid.
        count = max(self.grid.tiling.count, 1)
        self.post_message(self.Asked(ShowDigits(count, self.only_wrong, fresh)))

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self.grid.show(self._digits, self.selected)
        self.selected = min(self.selected, max(self.grid.shown - 1, 0))
        self.entitle("Only wrong predictions" if self.only_wrong else self.TITLE)
        self.report(self._tally())

    def _tally(self) -> str:
        """How many of those shown are right."""
        if self._digits is None:
            return ""
        labels = self._digits.labels[: self.grid.shown]
        if not labels:
            return "no wrong ones left" if self.only_wrong else ""
        right = sum(verdict(self._digits, i).look is RIGHT for i in range(len(labels)))
        return f"{right} of {len(labels)} right"
