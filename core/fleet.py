"""All runs of an engine: forked, raced, put away, brought back; one of them is selected."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from core import experiment
from core.allowance import WHOLE_SLICE, Allowance
from core.commands import (
    BringBack,
    Change,
    Command,
    Drop,
    Fork,
    Pause,
    Rename,
    Select,
    Start,
    StartExperiment,
    StartRace,
)
from core.config import RunConfig
from core.data.dataset import Dataset
from core.errors import UserError
from core.fairness import Race
from core.race import MOST_RUNS, Budget, Lane
from core.run import Run
from core.settings import Name
from core.sharing import Turns
from core.snapshot import Paths, State
from core.tracker import Tracker
from core.trainer import Time

Build = Callable[[str, RunConfig, int, Dataset | None], Run]


class Fleet:
    """Up to MOST_RUNS runs.

    `build` makes one of a name, settings, an id, and data, None for those of all others.
    """

    def __init__(self, config: RunConfig, build: Build, clock: Time) -> None:
        self._build = build
        self._clock = clock
        self._tracker: Tracker | None = None
        self._settling: Run | None = None  # of an experiment: it trains until it has settled
        self._next_id = 0
        self._turns = Turns()
        self._dropped: deque[tuple[int, Run]] = deque(maxlen=MOST_RUNS)  # place and run
        self.runs: list[Run] = []
        self.race: Race | None = None
        self._before_experiment: RunConfig | None = None
        self.selected = self._new("run 1", config)
        self._data = self.selected.data  # of all runs but those of an experiment

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of the runs that can be brought back, the latest last."""
        return tuple(run.name for _, run in self._dropped)

    @property
    def base(self) -> RunConfig:
        """What a race begins with: the selected run's settings, an experiment's apart."""
        return self._before_experiment or self.selected.trainer.config

    def find(self, id: int | None) -> Run:
        """The run of this id, the selected one for None. Raises UserError if it has gone."""
        if id is None:
            return self.selected
        for run in self.runs:
            if run.id == id:
                return run
        raise UserError("that run has been put away")

    def work(self, left: Callable[[], float]) -> bool:
        """Let the runs work; False if none wants.

        One works for a slice, several as long as seconds are `left`.
        """
        worked = self._turns.stretch(self.runs, self._allowance, left)
        if self._tracker:
            self._tracker.look(self.runs, at_once=not worked)
        if self._settling and self._settling.state is State.RUNNING:
            self._part_if_settled(self._settling)
        return worked

    def paths(self, *, final: bool) -> Paths | None:
        """Where the runs went since the first fork or the start of the race."""
        return self._tracker.paths(self.runs, final=final) if self._tracker else None

    def _allowance(self, run: int) -> Allowance | None:
        return self.race.allowance(run) if self.race else WHOLE_SLICE

    def obey(self, command: Command, run: Run) -> None:
        """Carry out a command; raises UserError if it cannot be, and then changes nothing."""
        match command:
            case Start() | Pause():
                for each in self._together_with(run):
                    each.obey(command)
            case Select():
                self._select(run)
            case Fork():
                self._fork(run)
            case Drop():
                self._drop(run)
            case BringBack():
                self._bring_back()
            case Rename(name):
                self._rename(run, name)
            case StartRace(lanes, budget):
                self._start_race(lanes, budget)
            case StartExperiment():
                self._start_experiment()
            case _:
                run.obey(command)

    def _select(self, run: Run) -> None:
        """Show this run, and of it the same examples as of the one before."""
        if run.data is not self.selected.data:
            left = run.data is not self._data
            self._before_experiment = self.selected.trainer.config if left else None
        run.showcase = self.selected.showcase.copy()
        self.selected = run

    def _together_with(self, run: Run) -> Iterable[Run]:
        """The runs that start and pause as one: all that are still under way in a race."""
        if self._is_of_race(run) and not run.arrived:
            return [each for each in self.runs if self._is_of_race(each) and not each.arrived]
        return [run]

    def _new(self, name: str, config: RunConfig) -> Run:
        run = self._build(name, config, self._take_id(), None)
        self.runs.append(run)
        return run

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _fork(self, run: Run) -> None:
        self._make_room(1)
        other = run.fork(self._take_id(), self._free_name())
        self.runs.insert(self.runs.index(run) + 1, other)
        self._tracker = self._tracker or Tracker(run, self._clock)
        self._tracker.fork(run, other)
        self.selected = other

    def _make_room(self, wanted: int) -> None:
        if len(self.runs) + wanted > MOST_RUNS:
            raise UserError(
                f"there are {len(self.runs)} runs, and no more than {MOST_RUNS} have room: "
                "put one away first (delete)"
            )

    def _free_name(self) -> str:
        names = {run.name for run in self.runs} | set(self.dropped)
        number = len(self.runs) + 1
        while f"run {number}" in names:
            number += 1
        return f"run {number}"

    def _drop(self, run: Run) -> None:
        if len(self.runs) == 1:
            raise UserError(f"{run.name} is the only run: there would be none left")
        place = self.runs.index(run)
        self.runs.remove(run)
        self._put_away(place, run)
        if self.selected is run:
            self._select(self.runs[min(place, len(self.runs) - 1)])

    def _put_away(self, place: int, run: Run) -> None:
        run.obey(Pause())
        run.withdraw()
        if self.race:
            self.race.leave(run.id)
            self.race = self.race if self.race.lanes else None
        if self._tracker and len(self._dropped) == self._dropped.maxlen:
            self._tracker.forget(self._dropped[0][1])
        if run is self._settling:
            self._settling = None
        self._dropped.append((place, run))

    def _bring_back(self) -> None:
        if not self._dropped:
            raise UserError("no run was put away")
        self._make_room(1)
        place, run = self._dropped.pop()
        self.runs.insert(place, run)
        self._select(run)

    def _rename(self, run: Run, name: str) -> None:
        name = Name().parse(name)
        if any(each.name == name for each in self.runs if each is not run):
            raise UserError(f"name: there is another run called {name!r}")
        run.name = name

    def _start_race(self, lanes: tuple[Lane, ...], budget: Budget) -> None:
        others = self._who_stays(len(lanes))
        names = {run.name for run in others}
        runs = [
            self._build(_unlike(lane.name, names), lane.config, self._take_id(), None)
            for lane in lanes
        ]
        self._make_way(others)
        self.runs += runs
        self._select(runs[0])
        self._race(budget, runs)

    def _race(self, budget: Budget, runs: list[Run]) -> None:
        self.race = Race(budget, runs)
        self._tracker = Tracker(runs[0], self._clock)
        for run in runs:
            run.enter(self.race)
            run.obey(Start())

    def _who_stays(self, newcomers: int) -> list[Run]:
        """The runs beside which so many have room.

        Those of the race before, and such as made no update, give their room to the new ones.
        """
        others = [run for run in self.runs if run.trainer.updates and not self._is_of_race(run)]
        if len(others) + newcomers > MOST_RUNS:
            raise UserError(
                f"{newcomers} runs have no room beside {len(others)} others, for there may be "
                f"{MOST_RUNS}: put some away first (delete)"
            )
        return others

    def _make_way(self, others: list[Run]) -> None:
        """Put all runs away but these, which pause."""
        for run in reversed([run for run in self.runs if run not in others]):
            self._put_away(self.runs.index(run), run)
            self.runs.remove(run)
        for run in others:
            run.obey(Pause())

    def _start_experiment(self) -> None:
        """First batch descent alone, until it has settled."""
        others = self._who_stays(2)
        config, data = experiment.problem(self.selected.trainer.config, self.selected.data)
        name = _unlike("batch", {run.name for run in others})
        run = self._build(name, config, self._take_id(), data)
        self._make_way(others)
        self.runs.append(run)
        self._select(run)
        self._settling = run
        run.obey(Start())

    def _part_if_settled(self, run: Run) -> None:
        """Then stochastic descent from there, on an equal budget."""
        if experiment.has_settled(run.trainer.record):
            self._settling = None
            name = _unlike("stochastic", {each.name for each in self.runs})
            other = run.fork(self._take_id(), name)
            other.obey(Change("strategy", "stochastic"))
            self.runs.append(other)
            self._race(experiment.BUDGET, [run, other])
        elif run.trainer.seconds > experiment.PATIENCE:
            self._settling = None
            run.obey(Pause())
            said = f"batch has not settled in {experiment.PATIENCE:g} training seconds"
            run.trainer.record.add_event(run.trainer.at, "experiment", after=said)

    def _is_of_race(self, run: Run) -> bool:
        return self.race is not None and run.id in self.race


def _unlike(name: str, names: set[str]) -> str:
    """The name, with a number if another has it; it is then taken."""
    unique, number = name, 1
    while unique in names:
        number += 1
        unique = f"{name} ({number})"
    names.add(unique)
    return unique
