"""How large a picture is drawn: a pixel is a column wide and half a row high."""

from __future__ import annotations

Size = tuple[int, int]  # height and width in pixels; a drawn height is even


def fitted(own: Size, height: int, width: int) -> Size:
    """The largest size for a picture of its `own` size in a room of so many pixels.

    A picture larger than life is so a whole number of times. (0, 0) where there is no room.
    """
    high, wide = own
    if height < 2 or width < 1:
        return 0, 0
    times = min(height // high, width // wide)
    if times:
        return min(_up_to_even(high * times), height // 2 * 2), wide * times
    drawn = max(min(height, width * high // wide) // 2 * 2, 2)
    return drawn, min(max(round(drawn * wide / high), 1), width)


def _up_to_even(pixels: int) -> int:
    return pixels + pixels % 2
