"""Lines that are put together of text and of pictures, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.content import Content
from textual.strip import Strip
from textual.visual import Visual

from tui.widgets.painted import Painted

Piece = Content | Strip
Row = Sequence[tuple[Piece, int]]  # pieces of a line, each with its width in columns
Block = Sequence[Piece]  # pieces of one width, below one another


class Mosaic(Painted):
    """Rows from the top; of those that change, only what differs is painted."""

    DEFAULT_CSS = "Mosaic { height: 1fr; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[Row] = ()

    def write(self, rows: Sequence[Row]) -> None:
        """Show these rows in place of those that were there."""
        self._rows = rows
        self.repaint(range(self.size.height))

    def line(self, y: int) -> Strip:
        base = self.rich_style
        row = self._rows[y] if y < len(self._rows) else ()
        parts = [self._strip(piece, width) for piece, width in row]
        return Strip.join(parts).adjust_cell_length(self.size.width, base)

    def _strip(self, piece: Piece, width: int) -> Strip:
        if isinstance(piece, Content):
            if not width:
                return Strip([])
            cut = piece.truncate(width, pad=True)
            return Visual.to_strips(self, cut, width, 1, self.visual_style)[0]
        return piece.apply_style(self.rich_style).adjust_cell_length(width, self.rich_style)


def beside(left: Block, width: int, right: Block, rest: int) -> list[Row]:
    """Two blocks side by side, of so many columns each, a blank one between them."""
    pairs = zip_longest(left, right, fillvalue=Content())
    return [((one, width), (Content(), 1), (other, rest)) for one, other in pairs]


def below(width: int, *blocks: Block) -> list[Row]:
    """Blocks of so many columns below one another."""
    return [((piece, width),) for block in blocks for piece in block]
