"""How many pictures fit into a panel, how large, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass

# Sides of a picture in pixels, each with the number of pictures that must fit to make it worth
# its room: many small ones say more than a few large ones.
_SIDES = ((28, 12), (20, 12), (14, 6), (12, 6), (10, 6), (8, 1))
_GAP = 1


@dataclass(frozen=True, slots=True)
class Tiling:
    """A grid of tiles: a picture of `side` pixels (side/2 rows) and a caption under it."""

    side: int
    columns: int
    rows: int
    left: int  # blank columns before the first tile

    @property
    def count(self) -> int:
        return self.columns * self.rows

    @property
    def height(self) -> int:
        """Rows of one tile."""
        return self.side // 2 + 1

    def at(self, x: int, y: int) -> int | None:
        """The tile that holds the cell (x, y), if any does."""
        column, inside = divmod(x - self.left, self.side + _GAP)
        row = y // self.height
        if not 0 <= column < self.columns or row >= self.rows or inside >= self.side:
            return None
        return row * self.columns + column


def tile(width: int, height: int) -> Tiling:
    """The grid for a room of so many character cells; it may be of no tile at all."""
    best = Tiling(8, 0, 0, 0)
    for side, least in _SIDES:
        columns = (width + _GAP) // (side + _GAP)
        rows = height // (side // 2 + 1)
        if columns * rows >= least:
            left = (width - columns * (side + _GAP) + _GAP) // 2
            best = Tiling(side, columns, rows, left)
            break
    return best
