"""A thin bar that fills from the left: how much of something is done."""

from __future__ import annotations

from textual.content import Content


def bar(share: float, width: int, *, ascii: bool, colour: str = "$primary") -> Content:
    """A bar of `width` characters, of which `share` (0 to 1) is filled, to half a character."""
    halves = round(max(0.0, min(share, 1.0)) * width * 2)
    full, half = divmod(halves, 2)
    if ascii:
        return Content.assemble(("=" * full, colour), ("." * (width - full), "$foreground-muted"))
    rest = width - full - half
    return Content.assemble(("━" * full + "╸" * half, colour), ("─" * rest, "$border-blurred"))
