"""A bar on a logarithmic scale, on which a healthy range is marked."""

from __future__ import annotations

from math import isfinite, log10

from textual.content import Content

from tui.display import GREEN, VERMILION, Display


def log_bar(
    value: float | None,
    width: int,
    scale: tuple[float, float],
    healthy: tuple[float, float],
    *,
    display: Display,
    dark: bool,
) -> Content:
    """A bar of `width` columns from the low end of `scale` to the high end.

    What of it lies beyond the healthy range has another sign and colour; where there is no bar, a
    line marks the range.
    """
    low, high = (log10(end) for end in scale)
    edges = [low + (high - low) * (column + 0.5) / max(width, 1) for column in range(width)]
    begin, end = (log10(bound) if bound > 0 else low - 1 for bound in healthy)
    length = log10(value) if value and isfinite(value) and value > 0 else low - 1
    ended, beyond = ("#", "!") if display.ascii else ("█", "▒")
    mark = "-" if display.ascii else "─"
    cells = []
    for place, edge in enumerate(edges):
        fills = edge <= length or (place == 0 and length > low - 1)
        if not fills:
            cells.append((mark if begin <= edge <= end else " ", "$border-blurred"))
        elif edge > end or length < begin:
            cells.append((beyond, VERMILION.on(dark=dark)))
        else:
            cells.append((ended, GREEN.on(dark=dark)))
    return Content.assemble(*cells)
