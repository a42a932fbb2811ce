"""Which panel stands where, at every size of the terminal, for one run and for several.

Three columns where there is room; below that the loss and the strategy stay, and the other
panels share one place, as tabs. Sizes depend on the terminal and on the number of runs alone, so
that nothing moves while training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

LEAST = Size(60, 16)  # of the whole terminal
THREE_COLUMNS = Size(110, 34)
TALL = 46  # lines from which the events find room under the settings, the timeline below the loss
BARS = 2  # lines above and below the panels: the header and the key bar
LEFT = 35  # columns of the steering panels

# In the order in which the keys visit them.
PANELS = (
    "strategy",
    "hyperparameters",
    "run-settings",
    "loss",
    "runs",
    "path",
    "verdicts",
    "trembling",
    "progress",
    "events",
    "timeline",
    "predictions",
    "digit",
    "explanation",
    "layers",
    "weights",
    "confusion",
    "machine",
)
OF_SEVERAL = ("runs", "path", "verdicts")  # have nothing to show of a single run
TAB_STRIP = "tab-strip"
_MEASURING = ("explanation", "trembling", "layers", "weights", "confusion", "machine")

Regions = dict[str, Region]


@dataclass(frozen=True, slots=True)
class Place:
    """A region in which one of `panels` stands at a time; their names may stand on a `strip`."""

    panels: tuple[str, ...]
    region: Region
    strip: Region | None = None


def has_three_columns(size: Size) -> bool:
    """Whether an area of this size for the panels has room for three columns."""
    return size.width >= THREE_COLUMNS.width and size.height >= THREE_COLUMNS.height - BARS


def plan(size: Size, runs: int = 1, *, loop: bool = False) -> tuple[Place, ...]:
    """All places in an area of `size`, when there are so many runs, or a loop that is not ours."""
    if loop:
        return _of_loop(size)
    if has_three_columns(size):
        return _three_columns(size) if runs == 1 else _race_in_three_columns(size, runs)
    return _two_columns(size) if runs == 1 else _race_in_two_rows(size)


def arrange(places: Sequence[Place], fronts: Mapping[tuple[str, ...], str]) -> Regions:
    """The region of each panel in view, by its id; `fronts` names who is in front of a place."""
    regions: Regions = {}
    for place in places:
        regions[fronts.get(place.panels, place.panels[0])] = place.region
        if place.strip:
            regions[TAB_STRIP] = place.strip
    return regions


def _three_columns(size: Size) -> tuple[Place, ...]:
    width, height = size
    right = _right(width)
    spare = height - (THREE_COLUMNS.height - BARS)
    tall = height >= TALL
    steering: list[_Wanted] = [(("strategy",), 9), (("hyperparameters",), 20 if tall else 0)]
    steering.append((("run-settings",), 9 + min(2, spare // 2)))
    happening: list[_Wanted] = [(("loss",), 0), (("progress",), 7)]
    if tall:
        steering.append((("events",), 0))
        happening.append((("timeline",), 8 + min(6, (height - TALL) // 2)))
    else:
        happening.append((("events", "timeline"), 7))
    judging: list[_Wanted] = [
        (("predictions",), 0),
        (("digit",), 12 + min(5, spare // 2)),
        (_MEASURING, 8 + min(4, spare // 6)),
    ]
    return (
        *_column(Region(0, 0, LEFT, height), steering),
        *_column(Region(width - right, 0, right, height), judging),
        *_column(Region(LEFT, 0, width - LEFT - right, height), happening),
    )


def _of_loop(size: Size) -> tuple[Place, ...]:
    """What can be seen of it, and its few settings."""
    width, height = size
    if has_three_columns(size):
        side = Region(0, 0, LEFT, height)
        steering: list[_Wanted] = [(("hyperparameters",), 12), (("explanation",), 10)]
        return (
            *_column(side, [*steering, (("trembling", "machine"), 0)]),
            *_column(
                Region(LEFT, 0, width - LEFT, height),
                [(("loss",), 0), (("progress",), 7), (("events",), min(12, height // 3))],
            ),
        )
    left, rest = Region(0, 0, width, height).split_vertical(width - 34)
    strip, below = rest.split_horizontal(2)
    tabs = ("hyperparameters", "explanation", "events", "trembling", "machine")
    return (
        *_column(left, [(("loss",), 0), (("progress",), 6 if height < 20 else 7)]),
        Place(tabs, below, strip),
    )


def _race_in_three_columns(size: Size, runs: int) -> tuple[Place, ...]:
    """The table of the runs takes the whole width, below all else."""
    width, height = size
    right = _right(width) + 4
    table = runs + 3  # a heading, and the frame
    upper = height - table
    tall = upper >= TALL - 4
    turning = ["verdicts", "trembling", "predictions", "digit", "explanation", "progress"]
    turning += ["timeline", "layers", "weights", "confusion", "machine"]
    steering: list[_Wanted] = [(("strategy",), 9), (("hyperparameters",), 0)]
    if tall:
        steering += [(("run-settings",), 11), (("events",), 8)]
    else:
        turning += ["run-settings", "events"]
    return (
        *_column(Region(0, 0, LEFT, upper), steering),
        Place(("loss",), Region(LEFT, 0, width - LEFT - right, upper)),
        *_column(
            Region(width - right, 0, right, upper), [(("path",), upper // 2), (tuple(turning), 0)]
        ),
        Place(("runs",), Region(0, upper, width, table)),
    )


def _right(width: int) -> int:
    """Columns of the judging panels."""
    return 34 + (width - THREE_COLUMNS.width) // 3


def _two_columns(size: Size) -> tuple[Place, ...]:
    width, height = size
    right = max(34, min(35, width - 45)) if width < 110 else width * 2 // 5
    short = height < 20
    always = ("strategy", "loss", "progress")
    left, rest = Region(0, 0, width, height).split_vertical(width - right)
    return (
        *_column(left, [(("loss",), 0), (("progress",), 6 if short else 7)]),
        *_tabbed(rest, 5 if short else 7, 2 if short else 3, always + OF_SEVERAL),
    )


def _race_in_two_rows(size: Size) -> tuple[Place, ...]:
    """The chart, the table and the paths take turns in the upper place, as wide as can be."""
    width, height = size
    turning = ("loss", "runs", "path", "verdicts", "trembling")
    lower = 7 if height < 20 else 9
    row = Region(0, height - lower, width, lower)
    steering, rest = row.split_vertical(LEFT)
    tabs = tuple(name for name in PANELS if name not in (*turning, "strategy"))
    strip, below = rest.split_horizontal(2)
    return (
        Place(turning, Region(0, 0, width, height - lower)),
        Place(("strategy",), steering),
        Place(tabs, below, strip),
    )


def _tabbed(
    column: Region, strategy: int, names: int, elsewhere: Sequence[str]
) -> tuple[Place, ...]:
    """The strategy, and below it all panels that do not stand elsewhere, as tabs.

    `strategy` and `names` are lines: of the strategy, and of the names of the tabs.
    """
    top, rest = column.split_horizontal(strategy)
    strip, below = rest.split_horizontal(names)
    tabs = tuple(name for name in PANELS if name not in elsewhere)
    return Place(("strategy",), top), Place(tabs, below, strip)


_Wanted = tuple[tuple[str, ...], int]


def _column(region: Region, wanted: Sequence[_Wanted]) -> tuple[Place, ...]:
    """Places from the top, each of its height; the one of height 0 takes what is left."""
    rest = region.height - sum(height for _, height in wanted)
    places, y = [], region.y
    for panels, height in wanted:
        tall = height or rest
        places.append(Place(panels, Region(region.x, y, region.width, tall)))
        y += tall
    return tuple(places)


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
