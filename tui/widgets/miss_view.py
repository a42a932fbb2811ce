"""One test example of which numbers are told: the true and the predicted ones, and the miss."""

from __future__ import annotations

from textual.content import Content
from textual.events import Resize

from core.snapshot import Numbers
from tui.display import Display
from tui.format import count, number
from tui.widgets.fit import cut
from tui.widgets.lines import Lines

_FIGURE = 11  # columns of a figure in a table, a gap included
_LEAST_NAME = 6
_NAMES = ("true", "predicted", "miss", "larger misses")
Told = tuple[str, str, str, str]


def told(numbers: Numbers, place: int, target: int) -> Told:
    """What was true, what was predicted, by how much it misses, how many others miss by more."""
    import numpy as np

    true, predicted = numbers.true[:, target], numbers.predicted[:, target]
    misses = np.abs(predicted.astype(float) - true)
    larger = int((misses > misses[place]).sum())
    return (
        number(float(true[place])),
        number(float(predicted[place])),
        number(float(predicted[place]) - float(true[place])),
        f"{count(larger)} of {count(len(misses) - 1)}",
    )


class MissView(Lines):
    """A figure a line; of several numbers, a number a line."""

    DEFAULT_CSS = "MissView { height: 1fr; }"

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self._numbers: Numbers | None = None
        self._place = 0

    def show(self, numbers: Numbers | None, place: int) -> None:
        """Tell of the example at `place`, or nothing where there is none."""
        there = numbers if numbers is not None and place < len(numbers.indices) else None
        self._numbers, self._place = there, place
        self._draw()

    def on_resize(self, _: Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        numbers = self._numbers
        if numbers is None:
            self.write()
        elif len(numbers.targets) == 1:
            self.write(*self._figures(numbers))
        else:
            self.write(*self._table(numbers))

    def _figures(self, numbers: Numbers) -> list[Content]:
        name = self._display.text(numbers.targets[0])
        named = cut(name, self.size.width, self._display.ascii)
        column = max(map(len, _NAMES))
        rows = zip(_NAMES, told(numbers, self._place, 0), strict=True)
        return [
            Content.styled(named, "bold"),
            *(
                Content.assemble((f"{what:<{column}}", "$foreground-muted"), f"{figure:>{_FIGURE}}")
                for what, figure in rows
            ),
        ]

    def _table(self, numbers: Numbers) -> list[Content]:
        """As many of the figures as there is room for beside the names."""
        width = self.size.width
        headings = [(name, max(_FIGURE, len(name) + 1)) for name in _NAMES]
        while len(headings) > 1 and sum(wide for _, wide in headings) > width - _LEAST_NAME:
            headings.pop()
        names = max(width - sum(wide for _, wide in headings), 1)
        names = min(names, max(_LEAST_NAME, *map(len, numbers.targets)))
        heading = " " * names + "".join(f"{name:>{wide}}" for name, wide in headings)
        lines = [Content.styled(heading, "$foreground-muted")]
        for target, name in enumerate(numbers.targets):
            said = told(numbers, self._place, target)
            named = cut(self._display.text(name), names, self._display.ascii).ljust(names)
            figures = (f"{f:>{wide}}" for f, (_, wide) in zip(said, headings, strict=False))
            lines.append(Content.assemble((named, "bold"), *figures))
        return lines
