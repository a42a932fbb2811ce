"""Small pictures in rows, each with a line of its own beneath it or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.widgets.fit import fullest
from tui.widgets.half_blocks import Brush, Pictures
from tui.widgets.picture_size import Size, fitted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SIDES = (28, 20, 14, 12, 10, 8)  # pixels, for which there is room
_SMALLEST = 6  # of a pattern; nothing can be made out of an example then
_ENOUGH = 12  # pictures: more of them say more than larger ones
_GAP = 1


def gallery(
    pictures: Pictures,
    images: NDArray[np.uint8],
    captions: Sequence[tuple[str, ...]],
    width: int,
    height: int,
    brush: Brush,
) -> list[Strip]:
    """As many of the `images` (k, height, width[, 3]) as have room, from the first.

    There is a caption for each, or none at all: the first of its wordings that fits.
    """
    own = (images.shape[1], images.shape[2])
    size, columns, rows = _tiling(own, len(images), width, height, bool(captions))
    lines: list[Strip] = []
    for first in range(0, min(columns * rows, len(images)), max(columns, 1)):
        places = range(first, min(first + columns, len(images)))
        drawn = [pictures.get(images, place, size, brush) for place in places]
        lines += [_spaced([each[y] for each in drawn]) for y in range(size[0] // 2)]
        if captions:
            said = [fullest(size[1], *captions[place]) for place in places]
            lines.append(_spaced([_caption(each, size[1]) for each in said]))
    return lines


def _tiling(
    own: Size, count: int, width: int, height: int, captioned: bool
) -> tuple[Size, int, int]:
    """The size of a picture, and how many columns and rows of them there are."""
    best: tuple[Size, int, int] = ((0, 0), 0, 0)
    for side in _SIDES if captioned else (*_SIDES, _SMALLEST):
        size = fitted(own, side, side)
        columns = (width + _GAP) // (size[1] + _GAP)
        rows = height // (size[0] // 2 + captioned)
        if columns * rows > best[1] * best[2]:
            best = size, columns, rows
        if best[1] * best[2] >= min(count, _ENOUGH):
            break
    return best


def _spaced(strips: Sequence[Strip]) -> Strip:
    gap = Strip([Segment(" " * _GAP)], _GAP)
    return Strip.join([part for strip in strips for part in (strip, gap)])


def _caption(text: str, width: int) -> Strip:
    return Strip([Segment(text[:width].ljust(width), Style())], width)
