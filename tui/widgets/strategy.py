"""The panel of the three strategies: what an update takes, and what it costs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Click

from core.commands import Change
from core.snapshot import RunView
from core.strategies import STRATEGIES
from tui import format as fmt
from tui.strategies import SHOWN
from tui.widgets.bar import thin_bar
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel

HEADING = f"{'examples':>22}{'an update':>10}"
SEEN = 0.1  # seconds of an update from which its bar is drawn


class StrategyPanel(Panel):
    """One strategy a line, with its key; below, the one in force in words."""

    TITLE = "Strategy"

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def show(self, run: RunView) -> None:
        lines = self.query_one(Lines)
        width, height = lines.size
        table = [self._row(run, place, name) for place, name in enumerate(STRATEGIES, 1)]
        epoch = [Content(f" an epoch takes {fmt.plural(run.updates_per_epoch, 'update')}")]
        if height > 3:
            table.insert(0, Content.styled(HEADING, "$foreground-muted"))
        if height > 6:
            epoch.insert(0, Content())
        lines.write(*table, *epoch, self._under_way(run, width - 2))

    def on_click(self, event: Click) -> None:
        """A click on a strategy selects it."""
        lines = self.query_one(Lines)
        place = event.get_content_offset(lines)
        if place is None:
            return
        line = lines.text.splitlines()[place.y : place.y + 1]
        for name in STRATEGIES:
            if line and name in line[0].split():
                self.post_message(self.Asked(Change("strategy", name)))

    def _row(self, run: RunView, place: int, name: str) -> Content:
        look = SHOWN[name].look
        size = STRATEGIES[name].size(run.training_examples, run.config.batch_size)
        active = name == run.config.strategy
        marker = (">" if self._display.ascii else "▸") if active else " "
        spent = run.seconds_per_update.get(name)
        cost = "not tried" if spent is None else self._display.text(fmt.duration(spent))
        tone = "bold" if active else "$foreground-muted"
        return Content.assemble(
            (f"{marker}{place} ", "bold $primary"),
            (look.mark(self._display.ascii), look.colour.on(dark=self._dark)),
            (f" {name:<10}{fmt.count(size):>7}{cost:>10}", tone),
        )

    def _under_way(self, run: RunView, width: int) -> Content:
        """How far the update is that is being made, when one takes long enough to be seen."""
        spent = run.seconds_per_update.get(run.config.strategy, 0.0)
        if not run.update_progress and spent < SEEN:
            return Content()
        colour = SHOWN[run.config.strategy].look.colour.on(dark=self._dark)
        done = thin_bar(run.update_progress, width, ascii=self._display.ascii, colour=colour)
        return Content(" ") + done
