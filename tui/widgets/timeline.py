"""The panel of the moments that were kept of a run: one looks back along it, and returns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.getters import query_one

from core.commands import Fork, LookBack, Return
from core.snapshot import MomentView, RunView
from tui import format as fmt
from tui.display import STATE_LOOKS
from tui.widgets.fit import fullest
from tui.widgets.lines import Lines
from tui.widgets.moment_row import WITH_RESULT, Table, name_of_result, result, rows
from tui.widgets.moment_strip import Strip
from tui.widgets.panel import Panel

HEADED = 7  # lines from which the columns are named
_PAGE = 10


class TimelinePanel(Panel):
    """The moments on a line, and below it one a line, the newest first; above them all is now.

    To move along it is to look back: the panels that show the run show it as it was then.
    """

    TITLE = "Timeline"
    KEYS = "arrows, enter, f"
    KEYS_HELP = (
        ("arrows", "along the timeline: show the curves and examples of then"),
        ("home end", "along the timeline: to now, and to the oldest moment"),
        ("enter", "at an earlier moment: return there"),
        ("f", "at an earlier moment: fork from there"),
        ("escape", "at an earlier moment: back to now"),
    )
    BINDINGS = [
        Binding("up,right", "move(-1)", "later moment"),
        Binding("down,left", "move(1)", "earlier moment"),
        Binding("pageup", f"move(-{_PAGE})", "later moments"),
        Binding("pagedown", f"move({_PAGE})", "earlier moments"),
        Binding("home", "now", "now"),
        Binding("escape", "leave", "now"),
        Binding("end", "oldest", "oldest moment"),
        Binding("enter", "return", "return there"),
        Binding("f", "fork", "fork from there"),
    ]

    lines = query_one(Lines)

    _run: RunView | None = None
    _chosen: int | None = None  # the moment that is looked at, or was asked for; None is now
    _glimpse: int | None = None  # the same as the engine said last
    _asked: list[int | None]  # moments that it has not answered for yet
    _top = 0

    def compose(self) -> ComposeResult:
        self._asked = []
        yield Lines(classes="body")

    def show(self, run: RunView) -> None:
        before, self._run = self._run, run
        if before is None or before.id != run.id:
            self._asked = []
            self._chosen = run.glimpse
        elif run.glimpse != self._glimpse:
            self._take_answer(run.glimpse)
        self._glimpse = run.glimpse
        if self._chosen is not None and self._chosen not in self._ids:
            self._look(self._nearest(self._chosen))
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """At the present moment these keys mean what they mean elsewhere."""
        if action in ("fork", "leave", "return"):
            return self._chosen is not None
        return super().check_action(action, parameters)

    def action_move(self, step: int) -> None:
        """Look at the moment `step` lines below."""
        self._look_at(self._place + step)

    def action_now(self) -> None:
        self._look_at(0)

    def action_leave(self) -> None:
        self._look_at(0)

    def action_oldest(self) -> None:
        self._look_at(len(self._ids))

    def action_return(self) -> None:
        if self._chosen is not None:
            self.post_message(self.Asked(Return(self._chosen), self._run_id))

    def action_fork(self) -> None:
        """Fork from the moment; of the run itself now is shown again."""
        if self._chosen is not None:
            moment, run = self._chosen, self._run_id
            self._look(None)
            self.post_message(self.Asked(Fork(moment), run))

    def on_click(self, event: Click) -> None:
        """A click on a moment looks at it, in the list or on the line."""
        at = event.get_content_offset(self.lines)
        if at is None or self._run is None:
            return
        above = self._above()
        if at.y >= above:
            self._look_at(self._top + at.y - above)
        elif at.y == 0:
            self._look_at(len(self._ids) - self._strip.nearest(at.x - 1))

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    @property
    def _run_id(self) -> int | None:
        return self._run.id if self._run else None

    @property
    def _moments(self) -> Sequence[MomentView]:
        """Oldest first."""
        return self._run.timeline.moments if self._run else ()

    @property
    def _ids(self) -> list[int]:
        return [moment.id for moment in self._moments]

    @property
    def _place(self) -> int:
        """The line of the moment that is looked at: 0 is now, then the newest moment."""
        ids = self._ids
        return len(ids) - ids.index(self._chosen) if self._chosen in ids else 0

    @property
    def _strip(self) -> Strip:
        return Strip(self._moments, max(1, self.lines.size.width - 2))

    def _nearest(self, id: int) -> int | None:
        """The moment kept nearest to one that was given up; None if there is none."""
        ids = self._ids
        place = bisect_left(ids, id)
        return min(ids[max(0, place - 1) : place + 1], key=lambda i: abs(i - id), default=None)

    def _look_at(self, place: int) -> None:
        ids = self._ids
        place = max(0, min(place, len(ids)))
        self._look(ids[-place] if place else None)

    def _look(self, moment: int | None) -> None:
        if moment != self._chosen:
            self._chosen = moment
            self._asked.append(moment)
            self.post_message(self.Asked(LookBack(moment), self._run_id))
            self._draw()

    def _take_answer(self, glimpse: int | None) -> None:
        """What was asked for after it is still to come; what nobody asked for counts at once."""
        if glimpse in self._asked:
            del self._asked[: self._asked.index(glimpse) + 1]
        else:
            self._asked = []
        if not self._asked:
            self._chosen = glimpse

    def _above(self) -> int:
        """Lines above the list: the strip, and the names of the columns."""
        width, height = self.lines.size
        if height < 3:
            return 0
        return 2 if height >= HEADED and width >= WITH_RESULT else 1

    def _draw(self) -> None:
        run = self._run
        if run is None:
            return
        width, height = self.lines.size
        above, place, listed = self._above(), self._place, rows(run)
        room = max(1, height - above)
        last = max(0, len(listed) - room)
        self._top = min(max(self._top, place - room + 1), place, last)
        name = name_of_result(run)
        table = Table(listed, name, width, self._display, dark=self._dark)
        shown = (
            table.line(row, chosen=row.id == self._chosen, focused=self.has_focus)
            for row in listed[self._top : self._top + room]
        )
        self.lines.write(*(self._drawn_strip(run), table.heading)[:above], *shown)
        self.report(self._kept(run, width))

    def _drawn_strip(self, run: RunView) -> Content:
        chosen, now = len(self._moments) - self._place, STATE_LOOKS[run.state]
        strip = self._strip.drawn(chosen, now, display=self._display, dark=self._dark)
        return strip.pad_left(1)

    def _kept(self, run: RunView, width: int) -> str:
        """How much is kept; where it is narrow, the figures that have no column."""
        chosen = next((each for each in self._moments if each.id == self._chosen), None)
        if chosen and width < WITH_RESULT:
            figure, epoch = result(chosen, run), f"epoch {chosen.at.epoch:,.2f}"
            named = f"{epoch}, {name_of_result(run)} {figure}"
            return fullest(width - 2, named, f"{epoch}, {figure}", "")
        bound = run.config.snapshot_memory
        size = f"{_megabytes(run.timeline.megabytes)} of {bound:,.6g} MB"
        moments = fmt.plural(len(self._moments), "moment")
        return fullest(width - 2, f"{moments}, {size}", moments, "")


def _megabytes(size: float) -> str:
    return f"{size:,.0f}" if size >= 10 or not size else fmt.number(size, 2)
