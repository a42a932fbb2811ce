"""The panel of real test examples, each with what the network says of it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Click
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from core.commands import ShowDigits
from core.snapshot import Digits, Numbers, RunView
from tui.widgets.example_list import ExampleList
from tui.widgets.faces import Face, RoomChanged
from tui.widgets.fit import fullest
from tui.widgets.panel import Panel
from tui.widgets.picture_grid import PictureGrid
from tui.widgets.scatter import Scatter


class PredictionsPanel(Panel):
    """Real test examples and what the network says of them, live; arrows select one.

    Pictures stand in a grid, rows of a table in a list; where numbers are told, in a scatter.
    """

    TITLE = "Predictions"
    KEYS = "arrows select"
    KEYS_HELP = (
        ("arrows", "among the examples: select one"),
        ("left right", "in a scatter: the next smaller or larger true number"),
        ("up down", "in a scatter: the next larger or smaller miss"),
        ("enter", "in a scatter: the next of several numbers to be told"),
    )
    LOOKS_BACK = True
    BINDINGS = [
        Binding("left", "select(-1, 0)", "Select", show=False),
        Binding("right", "select(1, 0)", "Select", show=False),
        Binding("up", "select(0, -1)", "Select", show=False),
        Binding("down", "select(0, 1)", "Select", show=False),
        Binding("enter", "next_target", "Next number", show=False),
    ]

    grid = query_one(PictureGrid)
    rows = query_one(ExampleList)
    scatter = query_one(Scatter)
    selected = reactive(0)
    only_wrong = reactive(False)

    class Selected(Message):
        """Another example is the chosen one: its place in `Digits` or `Numbers`."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    _said: Digits | Numbers | None = None
    _face: Face

    def compose(self) -> ComposeResult:
        self._face = PictureGrid(self._display)
        yield self._face
        for kind in (ExampleList, Scatter):
            other = kind(self._display)
            other.display = False
            yield other

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())

    def begin(self, run: RunView) -> None:
        """Ask for examples of the run, before they are shown for the first time."""
        self._turn_to(run)
        self.ask()

    def show(self, run: RunView) -> None:
        if self._turn_to(run):
            self.ask()
        self._said = run.digits
        self._draw()

    def action_fresh(self) -> None:
        """Ask for other examples."""
        self.ask(fresh=True)

    def action_toggle_wrong(self) -> None:
        """Ask for wrongly judged examples only, or for any again."""
        self.only_wrong = not self.only_wrong
        self.ask()

    def action_select(self, across: int, down: int) -> None:
        """Move the choice, round the edges."""
        if self._face.shown:
            self.selected = self._face.moved(self.selected, across, down)

    def action_next_target(self) -> None:
        """Show the next of several numbers that are told of each example."""
        self.scatter.next_target()
        self._draw()

    def on_click(self, event: Click) -> None:
        face = self._face
        assert isinstance(face, Widget)
        place = face.at(*event.get_content_offset_capture(face))
        if place is not None:
            self.selected = place

    def on_room_changed(self, message: RoomChanged) -> None:
        message.stop()
        self.ask()
        self._draw()

    def watch_selected(self, place: int) -> None:
        self.post_message(self.Selected(place))
        self._draw()

    def ask(self, *, fresh: bool = False) -> None:
        """Ask for as many examples as there is room for."""
        # One at least: the panel of a single example shows it even where there is no grid.
        count = max(self._face.room, 1)
        self.post_message(self.Asked(ShowDigits(count, self.only_wrong, fresh)))

    def _turn_to(self, run: RunView) -> bool:
        """Show examples in the way that suits the run's data; whether that is another way."""
        data = run.data
        before, face = self._face, self.grid if data.levels else self.rows
        self._face = face if data.classes else self.scatter
        for each in (self.grid, self.rows, self.scatter):
            each.display = each is self._face
        if self._face is self.grid:
            height, width = data.shape[-2:]
            self.grid.expect((height, width))
        return self._face is not before

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self._face.show(self._said, self.selected)
        self.selected = min(self.selected, max(self._face.shown - 1, 0))
        self.entitle(self._face.title(only_wrong=self.only_wrong))
        facts = self._face.facts(only_wrong=self.only_wrong)
        self.report(self._display.text(fullest(self.content_size.width - 2, *facts)))
