"""Which panel stands where, at every size of the terminal.

Three columns where there is room; below that the loss, the strategy and the progress stay, and
the other panels share one place, as tabs. Sizes depend on the terminal alone, so that nothing
moves while training.
"""

from __future__ import annotations

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

LEAST = Size(60, 16)  # of the whole terminal
THREE_COLUMNS = Size(110, 34)
TALL = 46  # lines from which the events find room under the settings
BARS = 2  # lines above and below the panels: the header and the key bar

# In the order in which `tab` visits them.
PANELS = (
    "strategy",
    "hyperparameters",
    "run-settings",
    "loss",
    "progress",
    "events",
    "predictions",
    "digit",
    "explanation",
)
ALWAYS = ("strategy", "loss", "progress")  # in view at every size
TABS = tuple(name for name in PANELS if name not in ALWAYS)
TAB_STRIP = "tab-strip"

Regions = dict[str, Region]


def has_three_columns(size: Size) -> bool:
    """Whether panels area of this size shows every panel at once."""
    return size.width >= THREE_COLUMNS.width and size.height >= THREE_COLUMNS.height - BARS


def arrange(size: Size, tab: str, maximised: str | None = None) -> Regions:
    """The region of each panel that is shown in an area of `size`, by the panel's id.

    `tab` is the panel in front where several share a place; `maximised` takes it all.
    """
    if maximised:
        return {maximised: size.region}
    return _three_columns(size) if has_three_columns(size) else _two_columns(size, tab)


def _three_columns(size: Size) -> Regions:
    width, height = size
    left = 35
    right = 34 + (width - THREE_COLUMNS.width) // 3
    spare = height - (THREE_COLUMNS.height - BARS)
    events_left = height >= TALL
    steering = [("strategy", 9), ("hyperparameters", 20 if events_left else 0), ("run-settings", 9)]
    happening = [("loss", 0), ("progress", 7)]
    (steering if events_left else happening).append(("events", 0 if events_left else 7))
    judging = [
        ("predictions", 0),
        ("digit", 12 + min(5, spare // 2)),
        ("explanation", 8 + min(4, spare // 6)),
    ]
    return {
        **_column(0, left, height, steering),
        **_column(left, width - left - right, height, happening),
        **_column(width - right, right, height, judging),
    }


def _two_columns(size: Size, tab: str) -> Regions:
    width, height = size
    right = max(34, min(35, width - 45)) if width < 110 else width * 2 // 5
    short = height < 20
    return {
        **_column(0, width - right, height, [("loss", 0), ("progress", 6 if short else 7)]),
        **_column(
            width - right,
            right,
            height,
            [("strategy", 5 if short else 7), (TAB_STRIP, 2), (tab, 0)],
        ),
    }


def _column(x: int, width: int, height: int, panels: list[tuple[str, int]]) -> Regions:
    """Panels from the top, each of its height; the one of height 0 takes what is left."""
    rest = height - sum(wanted for _, wanted in panels)
    regions, y = {}, 0
    for name, wanted in panels:
        tall = wanted or rest
        regions[name] = Region(x, y, width, tall)
        y += tall
    return regions


class PanelLayout(Layout):
    """Places each child where `regions` says; a child without a place is not drawn."""

    name = "panels"

    def __init__(self) -> None:
        self.regions: Regions = {}

    def arrange(
        self,
        parent: Widget,  # noqa: ARG002
        children: list[Widget],
        size: Size,  # noqa: ARG002
        greedy: bool = True,  # noqa: ARG002
    ) -> ArrangeResult:
        return [
            WidgetPlacement(self.regions[child.id], NULL_OFFSET, Spacing(), child)
            for child in children
            if child.id in self.regions
        ]
