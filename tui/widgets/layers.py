"""The panel of a network's layers: their gradients, how far updates move them, dead units."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.getters import query_one

from core.figures import Instrument, LayerFigures, Layers
from core.measuring.remarks import RULES
from core.snapshot import RunView
from tui import format as fmt
from tui.display import VERMILION
from tui.widgets.fit import cut, fullest
from tui.widgets.lines import Lines
from tui.widgets.log_bar import log_bar
from tui.widgets.panel import Panel

_HEALTHY = {rule.name: rule.healthy for rule in RULES}
UPDATES = (_HEALTHY["slow updates"].low, _HEALTHY["update ratio"].high)
_SCALE = (1e-6, 1.0)  # of the bars of update ratios
_FAINTEST = _HEALTHY["vanishing"].low  # of a gradient, in units of the strongest
_NUMBER, _SHARE = 8, 5  # columns of a figure, of a share
_WIDE = 64  # columns from which gradients have bars, too
_LEAST_ROWS = 3  # layers that remarks leave room for
_MEANINGS = (
    "gradient: the length of the mean loss's gradient by the layer's weights",
    "Δw/w: how far an update moves them, over their own length; the line marks what is healthy",
    "dead: units behind a ReLU that said nothing on any example of the sample",
)


class LayersPanel(Panel):
    """A layer a line; below, what is remarked on, or what the columns mean.

    The lower border says of when the figures are, and what it cost to measure them.
    """

    TITLE = "Layers"
    KEYS = "up, down scroll"
    KEYS_HELP = (("up, down", "among the layers: scroll"),)
    INSTRUMENTS = frozenset({Instrument.LAYERS})
    BINDINGS = [
        Binding("up", "scroll(-1)", "Scroll", show=False),
        Binding("down", "scroll(1)", "Scroll", show=False),
    ]

    lines = query_one(Lines)

    _run: RunView | None = None
    _first = 0  # layer in view

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def show(self, run: RunView) -> None:
        self._run = run
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def action_scroll(self, step: int) -> None:
        self._first += step
        self._draw()

    def _draw(self) -> None:
        run = self._run
        if run is None:
            return
        if run.layers is None:
            self.lines.write(*self._wrapped(self._why_nothing(run), "$foreground-muted"))
            self.report("")
            return
        width, height = self.lines.size
        foot = self._foot(run, max(0, height - 1 - min(len(run.layers.rows), _LEAST_ROWS)))
        room = max(0, height - 1 - len(foot))
        self._first = max(0, min(self._first, len(run.layers.rows) - room))
        rows = run.layers.rows[self._first : self._first + room]
        table = _Table(self, width, run.layers)
        self.lines.write(table.heading, *(table.row(each) for each in rows), *foot)
        self.report(self._told(run.layers, len(rows)))

    def _why_nothing(self, run: RunView) -> str:
        trouble = run.troubles.get(Instrument.LAYERS)
        return f"not measured: {trouble}" if trouble else "measured between two updates"

    def _foot(self, run: RunView, room: int) -> Sequence[Content]:
        """Whole remarks, or else meanings, as many as there is room for."""
        assert run.layers is not None
        colour = VERMILION.on(dark=self._dark)
        if run.remarks:
            blocks = [self._wrapped(f"! {remark.text}", colour) for remark in run.remarks]
        else:
            room = max(0, self.lines.size.height - 1 - len(run.layers.rows))
            blocks = [self._wrapped(each, "$foreground-muted") for each in _MEANINGS]
        lines: list[Content] = []
        for block in blocks:
            if len(lines) + len(block) > room:
                break
            lines += block
        return lines

    def _wrapped(self, text: str, style: str) -> list[Content]:
        width = max(10, self.lines.size.width - 1)
        lines = wrap(self._display.text(text), width, subsequent_indent="  ")
        return [Content.styled(f" {line}"[: width + 1], style) for line in lines]

    def _told(self, layers: Layers, shown: int) -> str:
        """How many of the layers are in view, of when the figures are, what they cost."""
        of = len(layers.rows)
        part = f"{self._first + 1} to {self._first + shown} of {of}, " if shown < of else ""
        when = f"update {fmt.count(layers.at.updates)}"
        cost = f"{fmt.duration(layers.seconds)} off the clock"
        sample = f"{fmt.plural(layers.examples, 'example')}"
        moved = f"Δw/w at update {fmt.count(layers.watched.updates)}, " if layers.watched else ""
        wordings = (
            f"{part}{when}, {moved}{sample}, {cost}",
            f"{part}{when}, {sample}, {cost}",
            f"{part}{when}, {cost}",
            f"{part}{when}",
        )
        told = map(self._display.text, wordings)
        return fullest(self.outer_size.width - 4, *told)


class _Table:
    """The lines of the table, for so many columns."""

    def __init__(self, panel: LayersPanel, width: int, layers: Layers) -> None:
        self._display, self._dark = panel._display, panel._dark
        self._strongest = max((row.gradient for row in layers.rows), default=0.0)
        self._dead = any(row.dead is not None for row in layers.rows)
        names = max((len(row.name) for row in layers.rows), default=0)
        figures = 2 * _NUMBER + (_SHARE if self._dead else 0)
        wide = width >= _WIDE
        self._name = min(max(names, 5), max(5, (width - figures) // (3 if wide else 2)))
        room = max(0, width - 1 - self._name - figures - 1 - wide)
        self._gradient_bar = room // 2 if wide else 0
        self._update_bar = room - self._gradient_bar

    @property
    def heading(self) -> Content:
        gap = 1 if self._gradient_bar else 0
        text = " " * (1 + self._name) + "gradient"[:_NUMBER].rjust(_NUMBER)
        text += " " * (self._gradient_bar + gap)
        text += self._display.text("Δw/w").replace("?", "d").rjust(_NUMBER)
        text += " " * (1 + self._update_bar)
        return Content.styled(
            text + ("dead".rjust(_SHARE) if self._dead else ""), "$foreground-muted"
        )

    def row(self, row: LayerFigures) -> Content:
        name = cut(row.name, self._name, self._display.ascii).ljust(self._name)
        gradient = fmt.number(row.gradient, 2).rjust(_NUMBER)
        update = fmt.MISSING if row.update is None else f"{row.update:.1e}".replace("e-0", "e-")
        parts: list[Content | str] = [f" {name}", gradient]
        if self._gradient_bar:
            parts += [" ", self._strength(row.gradient)]
        parts += [update.replace("e+0", "e").rjust(_NUMBER), " ", self._update(row.update)]
        if self._dead:
            share = "" if row.dead is None else f"{100 * row.dead:.0f}%"
            parts.append(share.rjust(_SHARE))
        return Content.assemble(*parts)

    def _strength(self, gradient: float) -> Content:
        top = self._strongest or 1.0
        scale = (top * _FAINTEST / 10, top)
        return self._bar(gradient, self._gradient_bar, scale, (top * _FAINTEST, top))

    def _update(self, ratio: float | None) -> Content:
        return self._bar(ratio, self._update_bar, _SCALE, UPDATES)

    def _bar(
        self,
        value: float | None,
        width: int,
        scale: tuple[float, float],
        healthy: tuple[float, float],
    ) -> Content:
        return log_bar(value, width, scale, healthy, display=self._display, dark=self._dark)
