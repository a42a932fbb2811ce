"""The runs of an engine: up to so many, one of them selected; put away, and brought back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from core.commands import Pause
from core.config import RunConfig
from core.data.dataset import Dataset
from core.errors import UserError
from core.forking import fork
from core.racing.race import MOST_RUNS
from core.run import Run
from core.settings import Name

Build = Callable[[str, RunConfig, int, Dataset | None], Run]


class Fleet:
    """Up to MOST_RUNS runs, in the order in which they are shown.

    `build` makes one of a name, settings, an id, and data, None for those of all others.
    """

    def __init__(self, config: RunConfig, build: Build) -> None:
        self._build = build
        self._next_id = 0
        self._dropped: deque[tuple[int, Run]] = deque(maxlen=MOST_RUNS)  # place and run
        self.selected = self.new("run 1", config)
        self.runs = [self.selected]

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of the runs that can be brought back, the latest last."""
        return tuple(run.name for _, run in self._dropped)

    @property
    def everyone(self) -> list[Run]:
        """The runs, and those that can be brought back."""
        return [*self.runs, *(run for _, run in self._dropped)]

    def find(self, id: int | None) -> Run:
        """The run of this id, the selected one for None. Raises UserError if it has gone."""
        if id is None:
            return self.selected
        for run in self.runs:
            if run.id == id:
                return run
        raise UserError("that run has been put away")

    def select(self, run: Run) -> None:
        """Show this run, and of it the same examples as of the one before."""
        run.showcase = self.selected.showcase.copy()
        self.selected = run

    def new(self, name: str, config: RunConfig, data: Dataset | None = None) -> Run:
        """A run that is not among the others yet."""
        return self._build(name, config, self._take_id(), data)

    def fork(self, run: Run, name: str = "", moment: int | None = None) -> Run:
        """A copy of a run, as it is or was at a moment, right behind it, and selected."""
        self.check_room(1)
        other = fork(run, self._take_id(), name or self._free_name(), moment)
        self.runs.insert(self.runs.index(run) + 1, other)
        self.selected = other
        return other

    def drop(self, run: Run) -> Run | None:
        """Put a run away; returns the one that can not be brought back any more, if any."""
        if len(self.runs) == 1:
            raise UserError(f"{run.name} is the only run: there would be none left")
        place = self.runs.index(run)
        forgotten = self._put_away(place)
        if self.selected is run:
            self.select(self.runs[min(place, len(self.runs) - 1)])
        return forgotten

    def bring_back(self) -> Run:
        """Bring back what was put away last, to its place."""
        if not self._dropped:
            raise UserError("no run was put away")
        self.check_room(1)
        place, run = self._dropped.pop()
        (run.name,) = unlike([run.name], (each.name for each in self.runs))
        self.runs.insert(place, run)
        self.select(run)
        return run

    def rename(self, run: Run, name: str) -> None:
        name = Name().parse(name)
        if any(each.name == name for each in self.runs if each is not run):
            raise UserError(f"name: there is another run called {name!r}")
        run.name = name

    def check_room(self, newcomers: int, beside: Sequence[Run] | None = None) -> None:
        """Raise UserError unless so many have room beside these runs, by default all."""
        others = len(self.runs if beside is None else beside)
        if others + newcomers > MOST_RUNS:
            have = "1 more run has" if newcomers == 1 else f"{newcomers} more runs have"
            raise UserError(
                f"{have} no room beside {others}: there may be {MOST_RUNS}; "
                "put some away first (delete)"
            )

    def make_way(self, newcomers: Sequence[Run], beside: Sequence[Run]) -> None:
        """Add these runs; of those that are there only the ones `beside` stay, and pause."""
        for place in reversed(range(len(self.runs))):
            if self.runs[place] not in beside:
                self._put_away(place)
        for run in beside:
            run.obey(Pause())
        self.runs += newcomers
        self.select(newcomers[0])

    def _put_away(self, place: int) -> Run | None:
        run = self.runs.pop(place)
        run.obey(Pause())
        full = len(self._dropped) == self._dropped.maxlen
        forgotten = self._dropped[0][1] if full else None
        self._dropped.append((place, run))
        return forgotten

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _free_name(self) -> str:
        names = {run.name for run in self.runs} | set(self.dropped)
        number = len(self.runs) + 1
        while f"run {number}" in names:
            number += 1
        return f"run {number}"


def unlike(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """The names, each with a number where another has it."""
    used, unique = set(taken), []
    for name in names:
        number, chosen = 1, name
        while chosen in used:
            number += 1
            chosen = f"{name} ({number})"
        used.add(chosen)
        unique.append(chosen)
    return unique
