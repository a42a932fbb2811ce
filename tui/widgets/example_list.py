"""Test examples that are no pictures, one a line: what each is, and what it is taken for."""

from __future__ import annotations

from rich.cells import set_cell_size
from textual.content import Content
from textual.events import Resize

from core.snapshot import Digits, Numbers
from tui.display import Display
from tui.widgets.bar import block_bar
from tui.widgets.faces import RoomChanged
from tui.widgets.fit import cut, fullest
from tui.widgets.lines import Lines
from tui.widgets.verdict import class_name, tally, verdict, whole_percent

_HEADED = 4  # lines from which the columns are named
_MARK, _PERCENT = 2, 5  # columns of the mark and of " 100%"
_LEAST_BAR, _MOST_BAR = 5, 40
_LEAST_NAME = len("taken for")


class ExampleList(Lines):
    """A line an example: right or wrong, the true class, the likeliest, and how likely that is."""

    DEFAULT_CSS = "ExampleList { height: 1fr; }"

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self._digits: Digits | None = None
        self._selected = 0

    @property
    def room(self) -> int:
        return max(self.size.height - self._above, 0)

    @property
    def shown(self) -> int:
        return min(self.room, len(self._digits.labels)) if self._digits else 0

    def show(self, said: Digits | Numbers | None, selected: int) -> None:
        self._digits = said if isinstance(said, Digits) else None
        self._selected = selected
        self._draw()

    def moved(self, place: int, across: int, down: int) -> int:
        return (place + across + down) % self.shown

    def at(self, x: int, y: int) -> int | None:  # noqa: ARG002
        place = y - self._above
        return place if 0 <= place < self.shown else None

    def title(self, *, only_wrong: bool) -> str:
        return "Only wrong predictions" if only_wrong else "Predictions"

    def facts(self, *, only_wrong: bool) -> tuple[str, ...]:
        return (tally(self._digits, self.shown, only_wrong=only_wrong),)

    def on_resize(self, _: Resize) -> None:
        self._draw()
        self.post_message(RoomChanged())

    @property
    def _above(self) -> int:
        return 1 if self.size.height >= _HEADED else 0

    def _draw(self) -> None:
        digits = self._digits
        if digits is None or not digits.labels:
            self.write()
            return
        names, bar = self._widths(digits.classes)
        heading = f"{'':{_MARK}}{'true':{names}} {'taken for':{names}} "
        sure = fullest(bar + _PERCENT, "probability", "")
        headings = [Content.styled(f"{heading}{sure:>{bar + _PERCENT}}", "$foreground-muted")]
        rows = (self._row(digits, place, names, bar) for place in range(self.shown))
        self.write(*headings[: self._above], *rows)

    def _widths(self, classes: tuple[str, ...]) -> tuple[int, int]:
        """Columns of a class's name, and of a full bar."""
        room = self.size.width - _MARK - _PERCENT - 2
        longest = max(_LEAST_NAME, *map(len, classes))
        names = max(min(longest, (room - _LEAST_BAR) // 2), 1)
        return names, max(min(room - 2 * names, _MOST_BAR), 0)

    def _row(self, digits: Digits, place: int, names: int, bar: int) -> Content:
        said, ascii = verdict(digits, place), self._display.ascii
        true, judged = (
            set_cell_size(cut(self._display.text(class_name(digits, number)), names, ascii), names)
            for number in (said.truth, said.judged)
        )
        filled = block_bar(said.confidence, bar, ascii=ascii)
        sure = whole_percent(said.confidence).rjust(_PERCENT)
        colour = said.look.colour.on(dark=self.app.current_theme.dark)
        chosen = place == self._selected
        line = Content.assemble(
            (f"{said.look.mark(ascii)} ", f"bold {colour}"),
            f"{true} ",
            (f"{judged} {filled}{sure}", colour),
        )
        return line.stylize("bold reverse") if chosen else line
