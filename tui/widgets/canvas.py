"""A canvas of dots and characters, drawn in memory, far cheaper than a chart with axes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

_BLANK = 0x2800  # the braille character without dots
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a dot, by row and column


class Canvas:
    """`width` by `height` character cells, each of 2 by 4 dots; in ASCII, of one character.

    Dots have whole coordinates, from (0, 0) at the lower left. Where lines meet in a cell, it
    has the colour of the later one.
    """

    def __init__(self, width: int, height: int, *, ascii: bool = False) -> None:
        import numpy as np

        self.width, self.height, self.ascii = width, height, ascii
        self._cell = (1, 1) if ascii else (2, 4)
        self._dots = np.zeros((height, width), np.uint8)
        self._inks = np.zeros((height, width), np.int16)
        self._styles = [""]
        self._marks = [" "]  # in ASCII, what the line of each style is made of
        self._written: dict[tuple[int, int], tuple[str, str]] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Dots across and up."""
        return self.width * self._cell[0], self.height * self._cell[1]

    @property
    def dot_shape(self) -> float:
        """The width of a dot over its height: character cells are twice as high as wide."""
        return 0.5 if self.ascii else 1.0

    def line(self, x: Floats, y: Floats, style: str, mark: str) -> None:
        """Join points (in dots, finite) by straight lines; what lies outside is left out."""
        columns, rows = _along(x, y)
        self.dots(columns, rows, style, mark)

    def dots(
        self, columns: Whole, rows: Whole, style: str, mark: str, *, beneath: bool = False
    ) -> None:
        """Set single dots; `beneath` what is drawn already, they leave its cells alone."""
        import numpy as np

        across, up = self.size
        inside = (columns >= 0) & (columns < across) & (rows >= 0) & (rows < up)
        columns, rows = columns[inside], up - 1 - rows[inside]
        wide, high = self._cell
        if beneath:
            blank = self._dots[rows // high, columns // wide] == 0
            columns, rows = columns[blank], rows[blank]
        cells = rows // high, columns // wide
        bits = np.array(_BITS, np.uint8)[rows % high, columns % wide]
        np.bitwise_or.at(self._dots, cells, bits)
        self._inks[cells] = len(self._styles)
        self._styles.append(style)
        self._marks.append(mark)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Column and row, from the top, of the cell of a dot; held at the edges."""
        across, up = self.size
        column, row = (int(min(max(at, 0), most - 1)) for at, most in ((x, across), (y, up)))
        return column // self._cell[0], (up - 1 - row) // self._cell[1]

    def write(self, column: int, row: int, text: str, style: str) -> None:
        """Put characters over the dots, as far as they fit."""
        for place, character in enumerate(text, column):
            if 0 <= place < self.width and 0 <= row < self.height:
                self._written[row, place] = character, style

    def is_free(self, column: int, row: int, length: int) -> bool:
        """Whether so many cells lie on the canvas and are blank."""
        if not (0 <= row < self.height and column >= 0 and column + length <= self.width):
            return False
        cells = range(column, column + length)
        return not (
            self._dots[row, column : column + length].any()
            or any((row, cell) in self._written for cell in cells)
        )

    def lines(self) -> list[Content]:
        """The canvas from the top, a Content a row."""
        return [
            Content.assemble(
                *(
                    ("".join(character for character, _ in group), style)
                    for style, group in groupby(self._row(row), key=lambda cell: cell[1])
                )
            )
            for row in range(self.height)
        ]

    def _row(self, row: int) -> list[tuple[str, str]]:
        """Each cell of a row: its character and style."""
        dots, inks = self._dots[row].tolist(), self._inks[row].tolist()
        drawn = [
            (self._marks[ink] if self.ascii else chr(_BLANK + bits), self._styles[ink])
            if bits
            else (" ", "")
            for bits, ink in zip(dots, inks, strict=True)
        ]
        return [self._written.get((row, column), cell) for column, cell in enumerate(drawn)]


def _along(x: Floats, y: Floats) -> tuple[Whole, Whole]:
    """The dots on the straight lines from each point to the next."""
    import numpy as np

    x, y = np.rint(x), np.rint(y)
    steps = np.maximum(np.abs(np.diff(x)), np.abs(np.diff(y))).astype(np.int64)
    first = np.repeat(np.arange(len(steps)), steps)
    share = (np.arange(len(first)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[first]
    columns, rows = (
        np.append(at[first] + share * (at[first + 1] - at[first]), at[-1:]) for at in (x, y)
    )
    return np.rint(columns).astype(np.int64), np.rint(rows).astype(np.int64)
