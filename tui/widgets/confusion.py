"""The panel of what is taken for what: the matrix, the worst confusions, the surest mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.app import ComposeResult
from textual.content import Content
from textual.getters import query_one
from textual.strip import Strip

from core.figures import Confusion, Instrument, Pair, Wrong
from core.snapshot import RunView
from tui import format as fmt
from tui.widgets.confusion_matrix import matrix
from tui.widgets.fit import cut, fullest
from tui.widgets.gallery import gallery
from tui.widgets.half_blocks import Brush, Pictures, brush_for
from tui.widgets.mosaic import Mosaic, Piece, Row, below, beside
from tui.widgets.panel import Panel
from tui.widgets.verdict import whole_percent

_LEAST = 15  # columns, and
_TALL = 4  # lines, of room in which mistakes are shown beside or below the matrix
_MOST_NAME = 12


class ConfusionPanel(Panel):
    """The matrix where it has room, else the worst confusions as a list; and the surest mistakes.

    Counts are of the latest evaluation, mistakes those that are still made.
    """

    TITLE = "Confusion"
    INSTRUMENTS = frozenset({Instrument.CONFUSION})

    mosaic = query_one(Mosaic)

    _run: RunView | None = None
    _drawn: object = None

    def compose(self) -> ComposeResult:
        yield Mosaic()

    def on_mount(self) -> None:
        self._pictures = Pictures()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())

    def show(self, run: RunView) -> None:
        self._run = run
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        run = self._run
        if run is None or not self.is_mounted:
            return
        brush = brush_for(self.app, self._display)
        nothing = "" if run.confusion else _why_nothing(run)
        drawn = run.confusion, nothing, brush, self.mosaic.size
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if run.confusion is None:
            width = self.mosaic.size.width
            lines = wrap(self._display.text(nothing), max(width - 2, 10))
            muted = [Content.styled(f" {line}", "$foreground-muted") for line in lines]
            self.mosaic.write(below(width, muted))
            self.report("")
        else:
            self.mosaic.write(self._rows(run.confusion, brush))
            self.report(self._told(run.confusion))

    def _rows(self, confusion: Confusion, brush: Brush) -> list[Row]:
        """The counts, and the mistakes beside them or below, whichever has more room."""
        width, height = self.mosaic.size
        counts = self._counts(confusion, width, height)
        used = max((piece.cell_length for piece in counts), default=0)
        if width - used - 1 >= _LEAST:
            rest = width - used - 1
            return beside(counts, used, self._mistakes(confusion, rest, height, brush), rest)
        rest = height - len(counts)
        pictures = self._mistakes(confusion, width, rest, brush) if rest >= _TALL else []
        return below(width, counts, pictures)

    def _counts(self, confusion: Confusion, width: int, height: int) -> Sequence[Piece]:
        """The matrix, with room for mistakes if it can be; else the worst confusions."""
        for room in (width - 1 - _LEAST, width):
            lines = matrix(confusion, room, height, self._display, self._dark)
            if lines:
                return lines
        return self._pairs(confusion, height)

    def _pairs(self, confusion: Confusion, height: int) -> list[Content]:
        """The worst confusions: how many of a class were taken for another."""
        if not confusion.pairs:
            return [Content.styled(" all are judged right", "$foreground-muted")]
        pairs = confusion.pairs[: max(height, 1)]
        names = max(
            len(self._named(confusion, each)) for pair in pairs for each in (pair.truth, pair.said)
        )
        return [self._pair(confusion, pair, names) for pair in pairs]

    def _pair(self, confusion: Confusion, pair: Pair, width: int) -> Content:
        truth, said = (self._named(confusion, each) for each in (pair.truth, pair.said))
        arrow = self._display.text(" → ")
        count = fmt.compact(pair.count).rjust(5)
        return Content.assemble((count, "bold"), f" {truth.rjust(width)}{arrow}{said.ljust(width)}")

    def _mistakes(
        self, confusion: Confusion, width: int, height: int, brush: Brush
    ) -> Sequence[Content | Strip]:
        """Pictures with what they are taken for; of examples that are none, a line each."""
        if confusion.images is not None:
            said = [self._captions(confusion, each) for each in confusion.wrong]
            return gallery(self._pictures, confusion.images, said, width, height, brush)
        return [
            Content(
                cut(
                    f" {self._captions(confusion, each)[0]} (example {fmt.count(each.index)})",
                    width,
                    self._display.ascii,
                )
            )
            for each in confusion.wrong[:height]
        ]

    def _captions(self, confusion: Confusion, wrong: Wrong) -> tuple[str, ...]:
        """What it is, what it is taken for, and how surely; in fewer words, what for."""
        truth, said = self._named(confusion, wrong.truth), self._named(confusion, wrong.said)
        sure = whole_percent(wrong.probability)
        wordings = (f"{truth}→{said} {sure}", f"{truth}→{said}", f"→{said}")
        return tuple(map(self._display.text, wordings))

    def _named(self, confusion: Confusion, number: int) -> str:
        return cut(confusion.classes[number], _MOST_NAME, self._display.ascii)

    def _told(self, confusion: Confusion) -> str:
        judged = fmt.count(confusion.judged)
        wrong = f"{fmt.count(confusion.judged - confusion.right)} of {judged} wrong"
        when = f"update {fmt.count(confusion.judged_at.updates)}"
        shown = "pictures: the surest mistakes, what it is → what is said"
        cost = f"{fmt.duration(confusion.seconds)} off the clock"
        wordings = (f"{wrong} at {when}; {shown}; {cost}", f"{wrong} at {when}", wrong)
        return fullest(self.outer_size.width - 4, *map(self._display.text, wordings))


def _why_nothing(run: RunView) -> str:
    trouble = run.troubles.get(Instrument.CONFUSION)
    if trouble:
        return f"not measured: {trouble}"
    if not run.data.classes:
        return "numbers are told here, not classes: none can be taken for another"
    return "nothing was judged yet" if run.evaluation is None else "measured between two updates"
