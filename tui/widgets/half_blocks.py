"""Pictures as text: two pixels to a character, in true greys or colours or, without, in signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip

from tui.display import Display
from tui.widgets.picture_size import Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
    Shares = NDArray[np.float64]

_GAMMA = 2.2  # of a screen
_RAMP = " .:-=+*#%@"
_PLAIN = Style()


class Paint(Enum):
    """What the terminal can do for a picture."""

    COLOUR = "colour"  # "▀" with the upper pixel as its colour, the lower as its ground
    BLOCKS = "blocks"  # no colour: "▀", "▄", "█" and a shade between
    ASCII = "ascii"  # a character from thin to dense


@dataclass(frozen=True, slots=True)
class Brush:
    """How pictures are drawn; on `light` grounds a white digit becomes a dark one."""

    paint: Paint
    light: bool = False


def brush_for(app: App[object], display: Display) -> Brush:
    """The brush for what the terminal can do and the theme that is on."""
    paint = Paint.ASCII if display.ascii else Paint.BLOCKS if app.no_color else Paint.COLOUR
    return Brush(paint, light=not app.current_theme.dark)


def scale(image: Image, size: Size) -> Image:
    """`image` (height, width) or (height, width, 3) as pixels of another `size`.

    A pixel is the mean over its area, of light and not of the values that encode it: thin strokes
    would fade otherwise.
    """
    import numpy as np

    rows, columns = _shares(image.shape[0], size[0]), _shares(image.shape[1], size[1])
    light: Shares = np.einsum("yh,hw...,xw->yx...", rows, (image / 255) ** _GAMMA, columns)
    return np.rint(255 * light.clip(0, 1) ** (1 / _GAMMA)).astype(np.uint8)


@lru_cache(maxsize=32)
def _shares(old: int, new: int) -> Shares:
    """(new, old): the share that each old pixel has in the area of each new one."""
    import numpy as np

    edges = np.linspace(0, old, new + 1)
    left = np.maximum(edges[:-1, None], np.arange(old))
    right = np.minimum(edges[1:, None], np.arange(1, old + 1))
    shares: Shares = np.clip(right - left, 0, None) * new / old
    return shares


def picture(image: Image, size: Size, brush: Brush) -> list[Strip]:
    """`image` as lines of characters, a line for two pixels of the height, which is even.

    A grey image is (height, width), a colour one (height, width, 3), uint8. On a light ground a
    grey one is turned over, so that digits are dark on light; a colour one stays as it is.
    """
    pixels = scale(image, size)
    if brush.paint is not Paint.COLOUR:
        return _in_signs(pixels, brush)
    if pixels.ndim == 2:
        grey = 255 - pixels if brush.light else pixels
        rows = [[(v, v, v) for v in row] for row in grey.tolist()]
    else:
        rows = [[(r, g, b) for r, g, b in row] for row in pixels.tolist()]
    return [_half_blocks(rows[y], rows[y + 1]) for y in range(0, size[0], 2)]


Rgb = tuple[int, int, int]


def _half_blocks(upper: Sequence[Rgb], lower: Sequence[Rgb]) -> Strip:
    runs = groupby(zip(upper, lower, strict=True))
    segments = [Segment("▀" * len([*run]), _pair_style(*pair)) for pair, run in runs]
    return Strip(segments, len(upper))


@lru_cache(maxsize=8192)
def _pair_style(upper: Rgb, lower: Rgb) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))


def _in_signs(pixels: Image, brush: Brush) -> list[Strip]:
    """Dense signs are bright on a dark ground and dark on a light one, as digits should be."""
    import numpy as np

    ink = pixels
    if pixels.ndim == 3:
        bright = np.rint(pixels @ [0.299, 0.587, 0.114]).astype(np.uint8)
        ink = 255 - bright if brush.light else bright
    sign = _ramp if brush.paint is Paint.ASCII else _block
    pairs = zip(ink[0::2].tolist(), ink[1::2].tolist(), strict=True)
    lines = ["".join(map(sign, upper, lower)) for upper, lower in pairs]
    return [Strip([Segment(line, _PLAIN)], len(line)) for line in lines]


def _ramp(upper: int, lower: int) -> str:
    return _RAMP[(upper + lower) * (len(_RAMP) - 1) // 510]


def _block(upper: int, lower: int) -> str:
    if 64 <= upper < 192 and 64 <= lower < 192:
        return "▒"
    return " ▄▀█"[2 * (upper >= 128) + (lower >= 128)]


class Pictures:
    """Pictures that were drawn once, as long as the same images are shown."""

    def __init__(self) -> None:
        self._images: object = None
        self._drawn: dict[tuple[int, Size, Brush], list[Strip]] = {}

    def get(self, images: Image, index: int, size: Size, brush: Brush) -> list[Strip]:
        """The lines of `images[index]`, drawn anew only for another array, size or brush."""
        if images is not self._images:
            self._images = images
            self._drawn.clear()
        key = (index, size, brush)
        if key not in self._drawn:
            self._drawn[key] = picture(images[index], size, brush)
        return self._drawn[key]
