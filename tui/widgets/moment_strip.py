"""All moments of a timeline on one line, from the oldest to now, as far as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from textual.content import Content

from core.snapshot import MomentKind, MomentView
from tui.display import Display, Look
from tui.moments import LOOKS

_RANK = {MomentKind.INTERVAL: 0, MomentKind.EPOCH: 1}  # of several in a column; others rank higher
_BRANCH = "$foreground-muted"


@dataclass(frozen=True, slots=True)
class Strip:
    """`moments`, oldest first, and then now, spread evenly over `width` columns."""

    moments: Sequence[MomentView]
    width: int

    def column(self, place: int) -> int:
        """Where the moment at `place` stands; now comes after the last of them."""
        return round(place * max(self.width - 1, 0) / max(len(self.moments), 1))

    def nearest(self, column: int) -> int:
        """The place nearest to a column."""
        return min(range(len(self.moments) + 1), key=lambda place: abs(self.column(place) - column))

    def drawn(self, chosen: int, now: Look, *, display: Display, dark: bool) -> Content:
        """The line, the place that is chosen marked; what was left behind is broken and grey."""
        cells = self._ground(display)
        places = [*range(len(self.moments)), len(self.moments)]
        for place in sorted(places, key=lambda place: (place == chosen, self._rank(place))):
            cells[self.column(place)] = self._sign(place, place == chosen, now, display, dark)
        return Content.assemble(*cells)

    def _ground(self, display: Display) -> list[tuple[str, str]]:
        """Lines from each moment to the next."""
        path, branch = ("-", " ") if display.ascii else ("─", "╌")
        cells = [(" ", "")] * max(self.width, 1)
        for place, _ in pairwise(range(len(self.moments) + 1)):
            line = path if self._on_path(place) and self._on_path(place + 1) else branch
            for column in range(self.column(place), self.column(place + 1)):
                cells[column] = (line, "$border-blurred" if line == path else _BRANCH)
        return cells

    def _rank(self, place: int) -> int:
        if place == len(self.moments):
            return 3
        return _RANK.get(self.moments[place].kind, 2)

    def _on_path(self, place: int) -> bool:
        return place == len(self.moments) or self.moments[place].on_path

    def _sign(
        self, place: int, chosen: bool, now: Look, display: Display, dark: bool
    ) -> tuple[str, str]:
        look = now if place == len(self.moments) else LOOKS[self.moments[place].kind]
        colour = look.colour.on(dark=dark) if self._on_path(place) else _BRANCH
        return look.mark(display.ascii), f"bold reverse {colour}" if chosen else colour
