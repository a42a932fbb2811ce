"""How many pictures fit into a panel, how large, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass

from tui.widgets.picture_size import Size, fitted

# Longer sides of a picture in pixels, each with the number of pictures that must fit to make it
# worth its room: many small ones say more than a few large ones.
_SIDES = (
    *((64, 12), (48, 12), (40, 12), (32, 12)),
    *((28, 12), (20, 12), (14, 6), (12, 6), (10, 6), (8, 1)),
)
_USUAL = 28  # larger ones are for pictures that are larger themselves
_CAPTION = 8  # columns that the line under a picture needs
_GAP = 1


@dataclass(frozen=True, slots=True)
class Tiling:
    """A grid of tiles: a picture of `picture` pixels (height/2 rows) and a caption under it.

    Both are `width` columns wide, a narrower picture in their middle.
    """

    picture: Size
    width: int
    columns: int
    rows: int
    left: int  # blank columns before the first tile

    @property
    def count(self) -> int:
        return self.columns * self.rows

    @property
    def height(self) -> int:
        """Rows of one tile."""
        return self.picture[0] // 2 + 1

    def at(self, x: int, y: int) -> int | None:
        """The tile that holds the cell (x, y), if any does."""
        column, inside = divmod(x - self.left, self.width + _GAP)
        row = y // self.height
        if not 0 <= column < self.columns or row >= self.rows or inside >= self.width:
            return None
        return row * self.columns + column


def tile(width: int, height: int, own: Size = (_USUAL, _USUAL)) -> Tiling:
    """The grid for a room of so many character cells; it may be of no tile at all.

    The pictures are of their `own` size in the data.
    """
    largest = max(_USUAL, *own)
    for side, least in _SIDES:
        picture = fitted(own, side, side)
        wide = max(picture[1], _CAPTION)
        columns = (width + _GAP) // (wide + _GAP)
        rows = height // (picture[0] // 2 + 1)
        if side <= largest and columns * rows >= least:
            left = (width - columns * (wide + _GAP) + _GAP) // 2
            return Tiling(picture, wide, columns, rows, left)
    return Tiling((_CAPTION, _CAPTION), _CAPTION, 0, 0, 0)
