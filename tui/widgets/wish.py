"""What a chart of curves is asked for: what to draw, in which signs and colours, how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.racing.standing import Measure
from core.snapshot import Clock
from tui.widgets import axis
from tui.widgets.chart import WASH


@dataclass(frozen=True, slots=True)
class Markers:
    """The signs that tell the layers apart, also without colour."""

    line: str
    band: str
    test: str
    switch: str
    dots: tuple[int, int]  # that the line has in a character cell, across and up


# The band is a faint tint behind the line; without colours it must be a pattern.
UNICODE = Markers(line="braille", band=WASH, test="◆", switch="┊", dots=(2, 4))
COLOURLESS = replace(UNICODE, band="░")
ASCII = Markers(line="*", band=".", test="o", switch=":", dots=(1, 1))


@dataclass(frozen=True, slots=True)
class Ink:
    """What depends on the theme: a `dark` ground, the colour of the axes, bands by their line's."""

    dark: bool = True
    axes: str | None = None
    bands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn, how, and in how many character cells."""

    measure: Measure
    clock: Clock
    log: bool
    width: int
    height: int
    markers: Markers = UNICODE
    ink: Ink = field(default_factory=Ink)
    log_x: bool = False

    @property
    def ascii(self) -> bool:
        return self.markers is ASCII


class Limits:
    """The upper limits in use, remembered so that the axes are left rarely."""

    def __init__(self) -> None:
        self._held: dict[str, float] = {}

    def settle(self, name: str, needed: float) -> float:
        self._held[name] = axis.settle(self._held.get(name, 0.0), needed)
        return self._held[name]
