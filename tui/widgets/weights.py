"""The panel of a network's weights: how each layer's are spread, and the filters as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

from textual.app import ComposeResult
from textual.content import Content
from textual.getters import query_one
from textual.strip import Strip

from core.figures import Filters, Histogram, Instrument, Weights
from core.snapshot import RunView
from tui import format as fmt
from tui.display import Display
from tui.widgets.fit import cut, fullest
from tui.widgets.gallery import gallery
from tui.widgets.half_blocks import Brush, Pictures, brush_for
from tui.widgets.mosaic import Mosaic, Row, below, beside
from tui.widgets.panel import Panel
from tui.widgets.sparkline import ASCII_BARS, BARS, bars

_BOUND = 9  # columns of "±0.0357"
_MOST_BARS = 64
_TALLEST = 4  # lines of a histogram
_LEAST_PICTURE = 4  # lines below which filters are left out
_BESIDE = 72  # columns from which filters stand beside the histograms
_MOST_NAME = 12


class WeightsPanel(Panel):
    """A histogram for each layer, from its largest weight's size below 0 to that above.

    Below them, or beside, the filters of the first layer of a model of pictures: grey is 0.
    """

    TITLE = "Weights"
    INSTRUMENTS = frozenset({Instrument.WEIGHTS})

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
        trouble = run.troubles.get(Instrument.WEIGHTS, "")
        drawn = run.weights, trouble, brush, self.mosaic.size
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if run.weights is None:
            said = f"not measured: {trouble}" if trouble else "measured between two updates"
            self.mosaic.write(below(self.mosaic.size.width, [_muted(self._display.text(said))]))
            self.report("")
        else:
            self.mosaic.write(self._rows(run.weights, brush))
            self.report(self._told(run.weights))

    def _rows(self, weights: Weights, brush: Brush) -> list[Row]:
        width, height = self.mosaic.size
        if weights.filters is None:
            return below(width, _histograms(weights.histograms, width, height, self._display))
        if width >= _BESIDE:
            left = width // 2 - 1
            shown = _histograms(weights.histograms, left, height, self._display)
            return beside(
                shown,
                left,
                self._filters(weights.filters, width - left - 1, height, brush),
                width - left - 1,
            )
        room = max(height // 2, height - len(weights.histograms))
        room = room if room >= _LEAST_PICTURE else 0
        pictures = self._filters(weights.filters, width, room, brush)
        shown = _histograms(weights.histograms, width, height - len(pictures), self._display)
        return below(width, shown, pictures)

    def _filters(self, filters: Filters, width: int, height: int, brush: Brush) -> list[Strip]:
        return gallery(self._pictures, filters.images, (), width, height, brush)

    def _told(self, weights: Weights) -> str:
        """Of when it is, what the pictures are, what it cost."""
        when = f"update {fmt.count(weights.at.updates)}"
        cost = f"{fmt.duration(weights.seconds)} off the clock"
        wordings = [f"{when}, {cost}", when]
        if weights.filters:
            name = weights.filters.name
            wordings = [
                f"filters of {name}, grey is 0; {when}, {cost}",
                f"filters of {name}, {when}",
            ]
            wordings += [when]
        return fullest(self.outer_size.width - 4, *map(self._display.text, wordings))


def _muted(text: str) -> Content:
    return Content.styled(f" {text}", "$foreground-muted")


def _histograms(
    histograms: Sequence[Histogram], width: int, height: int, display: Display
) -> list[Content]:
    """A histogram each, as many as there is room for; if not all have it, the last line says so."""
    shown = histograms if len(histograms) <= height else histograms[: max(height - 1, 0)]
    tall = min(_TALLEST, max(1, height // max(len(shown), 1)))
    name = min(max((len(each.name) for each in histograms), default=0), _MOST_NAME)
    columns = _columns(width - name - 2 - _BOUND)
    lines = [line for each in shown for line in _histogram(each, name, columns, tall, display)]
    left = len(histograms) - len(shown)
    return [*lines, _muted(f"and {left} more layers")][: max(height, 0)] if left else lines


def _columns(room: int) -> int:
    """The largest number of bars that the bins can be shared out to evenly."""
    return next((n for n in (_MOST_BARS, 32, 16, 8) if n <= room), 0)


def _histogram(
    histogram: Histogram, name: int, columns: int, tall: int, display: Display
) -> list[Content]:
    """Lines of bars, the name before the lowest of them, the bound after it."""
    counts = histogram.counts.reshape(columns, -1).sum(1).tolist() if columns else []
    levels = ASCII_BARS if display.ascii else BARS
    *upper, lowest = bars([each or nan for each in counts], tall, levels)
    said = cut(histogram.name, name, display.ascii).ljust(name)
    bound = fmt.number(histogram.bound, 3)
    sign = "+-" if display.ascii else "±"
    lines = [Content.assemble(" " * (name + 2), (each, "$primary")) for each in upper]
    end = (f" {sign}{bound}".ljust(_BOUND), "$foreground-muted")
    return [*lines, Content.assemble(f" {said} ", (lowest, "$primary"), end)]
