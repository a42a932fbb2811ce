"""A moment of a timeline as a line of a table: its sign, its figures, what it was."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from core.snapshot import Moment, MomentView, RunView
from tui import format as fmt
from tui.display import STATE_LOOKS, Display, Look
from tui.moments import LOOKS, wordings
from tui.widgets.fit import cut, fullest

WITH_RESULT, WITH_EPOCH = 40, 60  # columns of the table from which these are listed
_LEAD = 4  # columns of the mark, the path and the sign
_UPDATES, _EPOCH = 7, 9  # their columns; the first may be wider


@dataclass(frozen=True, slots=True)
class Row:
    """What there is to tell of a moment; `id` None is now, `words` get fewer and fewer."""

    id: int | None
    look: Look
    on_path: bool
    at: Moment
    result: str  # of the latest test then
    words: tuple[str, ...]


def rows(run: RunView) -> list[Row]:
    """Now, then the moments, the newest first."""
    tested, of_classes = run.evaluation, bool(run.data.classes)
    accuracy, loss = (tested.accuracy, tested.loss) if tested else (None, None)
    result = fmt.percent(accuracy) if of_classes else fmt.number(loss)
    now = Row(None, STATE_LOOKS[run.state], True, run.at, result, ("now",))
    return [now, *(_row(moment, run) for moment in reversed(run.timeline.moments))]


def result(moment: MomentView, run: RunView) -> str:
    """How the latest test then went: its accuracy, or of a run that tells numbers its loss."""
    if run.data.classes:
        return fmt.percent(moment.test_accuracy)
    return fmt.number(moment.test_loss)


def name_of_result(run: RunView) -> str:
    return "accuracy" if run.data.classes else "test loss"


def _row(moment: MomentView, run: RunView) -> Row:
    words = wordings(moment)
    if moment.here:
        words = (*(f"{each} ← now" for each in words), "← now")
    look = LOOKS[moment.kind]
    return Row(moment.id, look, moment.on_path, moment.at, result(moment, run), words)


class Table:
    """As many columns as `width` has room for, wide enough for all of `listed`.

    Their results are headed by `result`.
    """

    def __init__(
        self, listed: list[Row], result: str, width: int, display: Display, *, dark: bool
    ) -> None:
        self._result = result
        self._updates = max(_UPDATES, *(len(fmt.count(row.at.updates)) for row in listed))
        self._width = width
        self._display = display
        self._dark = dark

    @property
    def heading(self) -> Content:
        names = " " * _LEAD + self._columns("update", "epoch", self._result)
        return Content.styled(names, "$foreground-muted")

    def line(self, row: Row, *, chosen: bool, focused: bool) -> Content:
        """The row, that which is chosen marked; what was left behind is grey."""
        line = Content.assemble(
            self._lead(row, chosen), (self._figures(row), "bold" if chosen else "")
        )
        if not row.on_path:
            line = Content.styled(line.plain, "$foreground-muted")
        if chosen and focused:
            gap = " " * (self._width - len(line))
            line = (line + gap).stylize("on $block-cursor-background")
        return line

    def _lead(self, row: Row, chosen: bool) -> Content:
        """The mark of the chosen one, the path, unbroken where the run came along, the sign."""
        mark, path, branch = (">", "|", ":") if self._display.ascii else ("▸", "│", "┆")
        return Content.assemble(
            (mark if chosen else " ", "bold $primary"),
            (path if row.on_path else branch, "$border-blurred"),
            (row.look.mark(self._display.ascii), row.look.colour.on(dark=self._dark)),
            " ",
        )

    def _figures(self, row: Row) -> str:
        update, epoch = fmt.count(row.at.updates), f"{row.at.epoch:,.2f}"
        figures = self._columns(update, epoch, row.result)
        room = max(0, self._width - _LEAD - len(figures) - 2)
        said = fullest(room, *map(self._display.text, row.words))
        return f"{figures}  {cut(said, room, self._display.ascii)}"

    def _columns(self, update: str, epoch: str, result: str) -> str:
        listed = f"{update:>{self._updates}}"
        if self._width >= WITH_EPOCH:
            listed += f"{epoch:>{_EPOCH}}"
        if self._width >= WITH_RESULT:
            listed += f"{result:>{len(self._result) + 1}}"
        return listed
