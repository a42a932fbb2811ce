"""Test examples of which numbers are told: true against predicted, as a scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Resize

from core.snapshot import Digits, Numbers
from tui.display import Display
from tui.format import number
from tui.score import r_squared
from tui.widgets.lines import Lines
from tui.widgets.scatter_plot import Plot, Points, plot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXAMPLES = 200  # on show: enough to see how they lie, few enough to be asked ten times a second
_NEAR = 3  # cells from a click to the example that is meant


class Scatter(Lines):
    """A dot an example. Of several numbers, one is shown at a time."""

    DEFAULT_CSS = "Scatter { height: 1fr; }"
    room = EXAMPLES

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self._numbers: Numbers | None = None
        self._selected = 0
        self._target = 0
        self._plot = Plot([], ())

    @property
    def shown(self) -> int:
        return len(self._numbers.indices) if self._numbers else 0

    def show(self, said: Digits | Numbers | None, selected: int) -> None:
        numbers = said if isinstance(said, Numbers) else None
        self._numbers, self._selected = numbers, selected
        self._draw()

    def next_target(self) -> None:
        """Show the next of several numbers."""
        self._target += 1
        self._draw()

    def moved(self, place: int, across: int, down: int) -> int:
        """Across to the next in the order of the true numbers, down to the next smaller miss."""
        import numpy as np

        true, predicted = self._column()
        values = true if across else -np.abs(predicted - true)
        order = np.argsort(values, kind="stable").tolist()
        step: int = order[(order.index(place) + across + down) % len(order)]
        return step

    def at(self, x: int, y: int) -> int | None:
        """The example nearest to a cell; a row is as high as two columns are wide."""
        distances = {
            place: abs(cell[0] - x) + 2 * abs(cell[1] - y)
            for place, cell in enumerate(self._plot.cells)
            if cell
        }
        nearest = min(distances, key=distances.__getitem__, default=None)
        return nearest if nearest is not None and distances[nearest] <= _NEAR else None

    def title(self, *, only_wrong: bool) -> str:
        what = "Largest misses" if only_wrong else "Predictions"
        numbers = self._numbers
        if numbers is None:
            return what
        name, of = numbers.targets[self._shown_target], len(numbers.targets)
        return f"{what} {self._shown_target + 1}/{of}: {name}" if of > 1 else f"{what} of {name}"

    def facts(self, *, only_wrong: bool) -> tuple[str, ...]:
        if not self.shown:
            return ("none tested yet" if only_wrong and self._numbers else "",)
        true, predicted = self._column()
        worst = _worst(true, predicted)
        if worst is None:
            return "some predictions are not finite", "not finite"
        miss = number(float(predicted[worst] - true[worst]))
        off = f"largest miss {miss}"
        where = f"{off} at {number(float(true[worst]))}"
        if only_wrong:
            tenth = f"{self.shown} of the tenth that is missed by most"
            return f"{tenth}, {where}", f"of the worst tenth, {where}", f"worst tenth, {off}", off
        r2 = f"R² {r_squared(determination(true, predicted))}"
        return f"{r2} of the {self.shown} shown, {where}", f"{r2}, {where}", f"{r2}, {off}", r2

    def on_resize(self, _: Resize) -> None:
        self._draw()

    @property
    def _shown_target(self) -> int:
        return self._target % len(self._numbers.targets) if self._numbers else 0

    def _column(self) -> tuple[Floats, Floats]:
        """The true and the predicted numbers on show, (k,)."""
        assert self._numbers is not None
        target = self._shown_target
        true, predicted = self._numbers.true[:, target], self._numbers.predicted[:, target]
        return true.astype(float), predicted.astype(float)

    def _draw(self) -> None:
        width, height = self.size
        if not self.shown or width < 2 or height < 2:
            self._plot = Plot([], ())
        else:
            true, predicted = self._column()
            points = Points(true, predicted, self._selected, _worst(true, predicted))
            dark = self.app.current_theme.dark
            names = "true", "predicted"
            self._plot = plot(points, names, width, height, self._display, dark=dark)
        self.write(*self._plot.lines)


def _worst(true: Floats, predicted: Floats) -> int | None:
    """The example of the largest miss; None if some prediction is not finite."""
    import numpy as np

    off = np.abs(predicted - true)
    return int(off.argmax()) if len(off) and np.isfinite(off).all() else None


def determination(true: Floats, predicted: Floats) -> float | None:
    """R², 1 - Σ(true - predicted)² / Σ(true - mean)², of (k,) each; None of equal true numbers."""
    import numpy as np

    spread = float(np.square(true - true.mean()).sum())
    return 1 - float(np.square(true - predicted).sum()) / spread if spread > 0 else None
