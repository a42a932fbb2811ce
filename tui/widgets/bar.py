"""Bars that fill from the left: a thin one for what is done, a block for a share."""

from __future__ import annotations

from math import isfinite

from textual.content import Content

_EIGHTHS = " ▏▎▍▌▋▊▉"


def thin_bar(share: float, width: int, *, ascii: bool, colour: str = "$primary") -> Content:
    """A line of `width` characters, of which `share` (0 to 1) is filled, to half a character."""
    halves = round(max(0.0, min(share, 1.0)) * width * 2)
    full, half = divmod(halves, 2)
    if ascii:
        return Content.assemble(("=" * full, colour), ("." * (width - full), "$foreground-muted"))
    rest = width - full - half
    return Content.assemble(("━" * full + "╸" * half, colour), ("─" * rest, "$border-blurred"))


def block_bar(share: float, width: int, *, ascii: bool) -> str:
    """A block of `width` columns that is filled by `share` of 1, in eighths of a column."""
    share = share if isfinite(share) else 0.0
    if ascii:
        return ("#" * round(share * width)).ljust(width)
    whole, eighths = divmod(round(share * width * 8), 8)
    return ("█" * whole + _EIGHTHS[eighths]).rstrip().ljust(width)[:width]
