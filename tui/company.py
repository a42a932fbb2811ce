"""The runs on the screen together: which is selected, and how each is told from the others."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from core.snapshot import Paths, RaceView, RunView
from tui.display import GREY, PURPLE, SKY_BLUE, VERMILION, YELLOW, Look
from tui.strategies import SHOWN

_OF_STRATEGIES = tuple(shown.look for shown in SHOWN.values())

# The strategies' own looks come last: worn by a run of another strategy they would mislead.
LOOKS = (
    Look(VERMILION, "◆", "D"),
    Look(SKY_BLUE, "▼", "V"),
    Look(PURPLE, "★", "X"),
    Look(YELLOW, "○", "O"),
    Look(GREY, "□", "Q"),
    *_OF_STRATEGIES,
)


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Company:
    """All runs as they stand, `run` the selected one; `hidden` are left out of the charts."""

    run: RunView
    runs: tuple[RunView, ...]
    looks: Mapping[int, Look]  # by run id
    hidden: frozenset[int] = frozenset()
    race: RaceView | None = None
    paths: Paths | None = None

    @property
    def visible(self) -> tuple[RunView, ...]:
        """The runs that are drawn: those not hidden, and always the selected one."""
        return tuple(r for r in self.runs if r.id not in self.hidden or r.id == self.run.id)

    @property
    def then(self) -> Company:
        """The same, the selected run as it was at the moment that is looked at, if any."""
        then = self.run.then
        if then is None:
            return self
        runs = tuple(then if run.id == then.id else run for run in self.runs)
        return replace(self, run=then, runs=runs)


class Wardrobe:
    """Gives each run a look of its own, and keeps it as long as the run lives.

    A run gets the look of its strategy if that is free, else rather one that is no strategy's;
    one that comes back gets its old look again unless another has it.
    """

    def __init__(self) -> None:
        self._worn: dict[int, Look] = {}

    def dress(self, runs: Iterable[RunView], lanes: Container[int] = ()) -> Mapping[int, Look]:
        """The look of each run, by id. New `lanes` of a race come before the runs of before."""
        runs = sorted(runs, key=lambda run: run.id not in lanes)
        new = [run for run in runs if run.id in lanes and run.id not in self._worn]
        wanted = {SHOWN[run.config.strategy].look for run in new}
        looks = {
            run.id: worn
            for run in runs
            if (worn := self._worn.get(run.id)) and (run.id in lanes or worn not in wanted)
        }
        for run in runs:
            if run.id in looks:
                continue
            looks[run.id] = self._choose(SHOWN[run.config.strategy].look, [*looks.values()])
        # Whoever is away has a claim to its look only while nobody else wears it.
        away = {i: look for i, look in self._worn.items() if look not in looks.values()}
        self._worn = {**away, **looks}
        return looks

    def _choose(self, own: Look, taken: list[Look]) -> Look:
        if own not in taken:
            return own
        free = [look for look in LOOKS if look not in taken]
        claimed = self._worn.values()
        return min(free, key=lambda look: (look in _OF_STRATEGIES, look in claimed))
