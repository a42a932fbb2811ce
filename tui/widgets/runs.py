"""The panel of all runs: the table of the race, and the list in which one is selected."""

from __future__ import annotations

from itertools import groupby

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.getters import query_one
from textual.message import Message

from core.commands import Select
from core.snapshot import RunView
from tui.company import Company
from tui.display import STATE_LOOKS
from tui.run_columns import columns, outlook
from tui.score import ACCURACY, score_of
from tui.table import Column, Entry, entries, fitting, in_order, leaders
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel
from tui.widgets.run_name import LEAD, name_width, run_name

SIGN_OF_STATE, WORD_OF_STATE = 60, 110  # columns from which the state has a sign, and a word
_SIGN, _WORD = 2, 11  # columns that these take, a gap included


class RunsPanel(Panel):
    """A run a line, the selected one marked, with as many of its figures as there is room for.

    The table can be sorted by any of them; the one that it is sorted by is always in view.
    """

    TITLE = "Runs"
    KEYS = "arrows, i, h"
    KEYS_HELP = (
        ("up down", "select another run"),
        ("left right", "sort the runs by another figure"),
        ("i enter", "sort them the other way round"),
        ("h", "hide the run in the charts, or show it again"),
    )
    BINDINGS = [
        Binding("up", "move(-1)", "run above"),
        Binding("down", "move(1)", "run below"),
        Binding("left", "sort(-1)", "sort by the figure before"),
        Binding("right", "sort(1)", "sort by the next figure"),
        Binding("i,enter", "invert", "sort the other way round"),
        Binding("h", "hide", "hide or show in the charts"),
    ]

    lines = query_one(Lines)

    class Hid(Message):
        """The run of this id is to be hidden in the charts, or to be seen there again."""

        def __init__(self, run: int) -> None:
            super().__init__()
            self.run = run

    _company: Company | None = None
    _chosen = -1  # the id of the run that is selected, or that was asked for
    _by: Column | None = None  # what the table is sorted by; None is the order of the runs
    _falling = False
    _top = 0
    _rows: tuple[Entry, ...] = ()
    _shown: tuple[Column, ...] = ()

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def show_company(self, company: Company) -> None:
        before, self._company = self._company, company
        if before is None or before.run.id != company.run.id or not self._is_there(self._chosen):
            self._chosen = company.run.id
        self._draw()

    def action_move(self, step: int) -> None:
        ids = [row.run.id for row in self._rows]
        if self._chosen in ids:
            place = ids.index(self._chosen) + step
            self._select(ids[max(0, min(place, len(ids) - 1))])

    def action_sort(self, step: int) -> None:
        choices = (None, *self._columns())
        place = choices.index(self._by) + step
        self._sort_by(choices[max(0, min(place, len(choices) - 1))])

    def action_invert(self) -> None:
        self._falling = not self._falling
        self._draw()

    def action_hide(self) -> None:
        if self._is_there(self._chosen):
            self.post_message(self.Hid(self._chosen))

    def on_click(self, event: Click) -> None:
        """A click on a run selects it, one on a heading sorts by it, a second one inverts."""
        at = event.get_content_offset(self.lines)
        if at is None:
            return
        if at.y:
            for row in self._rows[self._top + at.y - 1 :][:1]:
                self._select(row.run.id)
        elif (heading := self._heading_at(at.x)) == self._by:
            self.action_invert()
        else:
            self._sort_by(heading)

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _is_there(self, run: int) -> bool:
        return self._company is not None and run in [each.id for each in self._company.runs]

    def _columns(self) -> tuple[Column, ...]:
        company = self._company
        score = score_of(company.run) if company else ACCURACY
        return columns(score, racing=company is not None and company.race is not None)

    def _select(self, run: int) -> None:
        if run != self._chosen:
            self._chosen = run
            self.post_message(self.Asked(Select(), run))
            self._draw()

    def _sort_by(self, column: Column | None) -> None:
        if column != self._by:
            self._by, self._falling = column, column is not None and column.falls
            self._draw()

    def _heading_at(self, x: int) -> Column | None:
        end = self._before_figures(self.lines.size.width)
        for column in self._shown:
            if end <= x < end + column.width:
                return column
            end += column.width
        return None

    def _before_figures(self, width: int) -> int:
        return LEAD + self._name_width(width) + _state_width(width)

    def _name_width(self, width: int) -> int:
        assert self._company is not None
        return name_width(self._company, width)

    def _draw(self) -> None:
        company = self._company
        if company is None:
            return
        width, height = self.lines.size
        if self._by not in self._columns():  # what is spent, after the race
            self._by = None
        self._shown = fitting(self._columns(), width - self._before_figures(width), self._by)
        self._rows = in_order(entries(company), self._by, falling=self._falling)
        places = [row.run.id for row in self._rows]
        room, chosen = max(1, height - 1), places.index(self._chosen)
        last = max(0, len(places) - room)
        self._top = min(max(self._top, chosen - room + 1), chosen, last)
        best = {column.heading: leaders(column, self._rows) for column in self._shown}
        self.lines.write(
            self._heading(width),
            *(
                self._line(company, row, width, best)
                for row in self._rows[self._top : self._top + room]
            ),
        )
        said = outlook(company, ascii=self._display.ascii)
        self.report(next((each for each in said if len(each) <= width - 4), said[-1]))

    def _heading(self, width: int) -> Content:
        rising, falling = ("^", "v") if self._display.ascii else ("▲", "▼")
        mark = falling if self._falling else rising
        gap = " " * (self._before_figures(width) - LEAD - len("run"))
        return Content.assemble(
            self._titled("run", LEAD + len("run"), mark if self._by is None else ""),
            gap,
            *(
                self._titled(column.heading, column.width, mark if column == self._by else "")
                for column in self._shown
            ),
        )

    def _titled(self, heading: str, width: int, mark: str) -> Content:
        style = "bold $primary" if mark else "$foreground-muted"
        if mark and self._display.ascii:  # a mark that is a letter
            heading = heading.upper()
        return Content.styled(f"{mark}{self._display.text(heading)}".rjust(width), style)

    def _line(
        self, company: Company, row: Entry, width: int, best: dict[str, frozenset[int]]
    ) -> Content:
        run = row.run
        hidden, chosen = run.id in company.hidden, run.id == self._chosen
        line = Content.assemble(
            run_name(
                company,
                run,
                self._name_width(width),
                chosen=chosen,
                display=self._display,
                dark=self._dark,
                hidden=hidden,
            ),
            self._state(run, _state_width(width)),
            *(
                (
                    self._display.text("".join(c.cell(row) for c in alike)),
                    "bold $success" if leads else "",
                )
                for leads, alike in groupby(self._shown, lambda c: run.id in best[c.heading])
            ),
        )
        if hidden:
            line = Content.styled(line.plain, "$foreground-muted")
        if chosen and self.has_focus:
            line = (line + " " * (width - len(line))).stylize("on $block-cursor-background")
        return line

    def _state(self, run: RunView, width: int) -> Content:
        look = STATE_LOOKS[run.state]
        sign = f" {look.mark(self._display.ascii)}" if width else ""
        word = f" {run.state}" if width > _SIGN else ""
        colour = look.colour.on(dark=self._dark)
        return Content.assemble((sign, colour), word.ljust(width - len(sign)))


def _state_width(width: int) -> int:
    return 0 if width < SIGN_OF_STATE else _SIGN if width < WORD_OF_STATE else _WORD
