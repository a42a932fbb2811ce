"""What the engine drives: the runs together, their race, the experiment, their paths."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from core.allowance import WHOLE_SLICE, Allowance
from core.commands import (
    BringBack,
    Change,
    Command,
    Drop,
    Fork,
    GoBack,
    Hold,
    LookBack,
    Pause,
    Redo,
    Release,
    Rename,
    Reset,
    Return,
    Select,
    ShowDigits,
    ShowInstruments,
    Start,
    StartExperiment,
    StartRace,
    Undo,
)
from core.config import RunConfig
from core.errors import UserError
from core.figures import Instrument
from core.fleet import Fleet, unlike
from core.measuring.tracker import Tracker
from core.racing import experiment
from core.racing.fairness import Race
from core.racing.race import Budget, Lane
from core.replaying.player import Player
from core.run import Run
from core.sharing import Turns
from core.snapshot import Moment, Paths, RaceView, State
from core.trainer import Time

# What may be asked of a replay like of any run.
_FREE = (
    Select,
    Fork,
    Drop,
    BringBack,
    Rename,
    StartRace,
    StartExperiment,
    LookBack,
    ShowDigits,
    ShowInstruments,
    Hold,
    Release,
)

_NONE: frozenset[Instrument] = frozenset()


class Arena:
    """Carries out commands, and lets the runs of a fleet work."""

    def __init__(self, fleet: Fleet, clock: Time, player: Player | None = None) -> None:
        self.fleet = fleet
        self.player = player  # of a replay
        self.race: Race | None = None
        self.held = False  # no run does anything until it is released
        self._clock = clock
        self._turns = Turns()
        self._tracker: Tracker | None = None
        self._left: dict[int, tuple[Race, Moment]] = {}  # by runs put away: where they began it
        self._instruments: frozenset[Instrument] = frozenset()  # on show
        self._settling: Run | None = None  # of an experiment: it trains until it has settled
        self._data = fleet.selected.data  # of all runs but those of an experiment
        self._base = fleet.selected.trainer.config

    @property
    def base(self) -> RunConfig:
        """What a race begins with: the settings of the run selected last, an experiment's apart."""
        run = self.fleet.selected
        if run.data is self._data:
            self._base = run.trainer.config
        return self._base

    def obey(self, command: Command, run: Run) -> None:
        """Carry out a command; raises UserError if it cannot be, and then changes nothing."""
        if self.player and run is self.player.run and not isinstance(command, _FREE):
            self._steer_replay(self.player, command)
            return
        match command:
            case Start() | Pause():
                for each in self._together_with(run):
                    each.obey(command)
            case Select():
                self.fleet.select(run)
            case Fork(moment):
                self._follow(run, self.fleet.fork(run, moment=moment))
                run.note_command(command)
            case Drop():
                self._drop(run)
            case BringBack():
                self._rejoin(self.fleet.bring_back())
            case Reset() | GoBack() | Undo() | Redo() | Return():
                run.obey(command)
                self._leave(run, "it began again, or went to another moment")
                if self._tracker:
                    self._tracker.begin_anew(run)
            case Rename(name):
                self.fleet.rename(run, name)
                run.note_command(command)
                run.log.news = True
            case StartRace(lanes, budget):
                self._start_race(lanes, budget)
            case StartExperiment():
                self._start_experiment()
            case ShowInstruments(shown):
                self._instruments = shown
            case Hold():
                self.held = True
            case Release():
                self._release()
            case _:
                run.obey(command)

    def work(self, left: Callable[[], float]) -> bool:
        """Let the runs work; False if none wants.

        One works for a slice, several as long as seconds are `left`.
        """
        if self.held:
            return False
        runs = self.fleet.runs
        for run in runs:
            run.instruments.show(self._instruments if run is self.fleet.selected else _NONE)
        if self.player and self.player.run in runs:
            self.player.prompt()
        worked = self._turns.stretch(runs, self._allowance, left)
        if self._tracker:
            self._tracker.look(runs, at_once=not worked)
        if self._settling and self._settling.state is State.RUNNING:
            self._part_if_settled(self._settling)
        return worked

    def wait(self) -> float:
        """Seconds until there is something to do; infinite if nothing is wanted.

        A run that has to wait for another has nothing to do before that one.
        """
        if self.held:
            return math.inf
        runs = self.fleet.runs
        waits = [run.wait() for run in runs if self._allowance(run.id) is not None]
        if self.player and self.player.run in runs:
            waits.append(self.player.wait())
        return min(waits, default=math.inf)

    def refresh(self) -> None:
        """Let runs at rest be served by the best stepper that there is by now."""
        for run in self.fleet.runs:
            if run.state is not State.RUNNING and not run.trainer.mid_update and not run.busy:
                run.trainer.use_best_stepper()

    def fail(self, fault: Exception) -> None:
        """Pause all that was running, with an unexpected error as the reason."""
        for run in self.fleet.runs:
            if run.state is State.RUNNING:
                run.fail(fault)

    def standing(self) -> RaceView | None:
        """The race, if it has any lane."""
        return self.race.view() if self.race and len(self.race) else None

    def paths(self, *, final: bool) -> Paths | None:
        """Where the runs went since the first fork or the start of the race."""
        return self._tracker.paths(self.fleet.runs, final=final) if self._tracker else None

    def _steer_replay(self, player: Player, command: Command) -> None:
        match command:
            case Start():
                player.play()
            case Pause():
                player.hold()
            case _:
                raise UserError(
                    "a replay goes as it was recorded; f forks it, and the fork is yours"
                )

    def _release(self) -> None:
        """Go on; of the time between, neither a rate nor a replay shall know."""
        self.held = False
        for run in self.fleet.runs:
            run.meter.clear()
        if self.player:
            self.player.skip()

    def _allowance(self, run: int) -> Allowance | None:
        return self.race.allowance(run) if self.race else WHOLE_SLICE

    def _together_with(self, run: Run) -> Iterable[Run]:
        """The runs that start and pause as one: all that are still under way in a race."""
        if self._races(run) and not run.arrived:
            return [each for each in self.fleet.runs if self._races(each) and not each.arrived]
        return [run]

    def _races(self, run: Run) -> bool:
        return self.race is not None and run.id in self.race

    def _follow(self, parent: Run, child: Run) -> None:
        if self._tracker is None or not self._tracker.can_follow(parent):
            if parent.trainer.diverged:
                return  # there is no telling how far away it is
            self._tracker = Tracker([parent], self._clock)
        self._tracker.fork(parent, child)

    def _drop(self, run: Run) -> None:
        forgotten = self.fleet.drop(run)
        if forgotten:
            self._left.pop(forgotten.id, None)
        if forgotten and self._tracker:
            self._tracker.forget(forgotten)
        if run is self._settling:
            self._settling = None
        if self.race and run.id in self.race:
            self._left[run.id] = self.race, self.race.leave(run.id)

    # Races

    def _rejoin(self, run: Run) -> None:
        """What was put away takes part again, if its race is still the one that is on."""
        race, start = self._left.pop(run.id, (None, None))
        if race is not None and start is not None and race is self.race:
            race.join(run, start)
        else:
            run.withdraw()

    def _leave(self, run: Run, why: str) -> None:
        """Go on outside the race: what was spent on it cannot be told any more."""
        if self.race and run.id in self.race:
            self.race.leave(run.id)
            run.withdraw()
            said = "goes on outside the race"
            run.trainer.record.add_event(run.trainer.at, "race", after=said, note=why)

    def _who_stays(self, newcomers: int) -> list[Run]:
        """The runs beside which so many have room, which is checked.

        Those of the race before, and such as made no update, give their room to the new ones.
        """
        stay = [run for run in self.fleet.runs if run.trainer.updates and not self._races(run)]
        self.fleet.check_room(newcomers, stay)
        return stay

    def _start_race(self, lanes: Sequence[Lane], budget: Budget) -> None:
        stay = self._who_stays(len(lanes))
        names = unlike((lane.name for lane in lanes), (run.name for run in stay))
        runs = [self.fleet.new(name, lane.config) for name, lane in zip(names, lanes, strict=True)]
        self.fleet.make_way(runs, stay)
        self._settling = None
        self._race(budget, runs)

    def _race(self, budget: Budget, runs: Sequence[Run]) -> None:
        race = Race(budget, runs)
        self._use_race(race)
        self._tracker = Tracker(runs, self._clock)
        for run in runs:
            run.enter(race)
            run.obey(Start())

    def _use_race(self, race: Race | None) -> None:
        """Nobody can take part in the race before it again."""
        self.race = race
        self._left.clear()

    # The experiment

    def _start_experiment(self) -> None:
        """First batch descent alone, until it has settled."""
        stay = self._who_stays(2)
        config, data = experiment.problem(self.base, self._data)
        (name,) = unlike(["batch"], (run.name for run in stay))
        run = self.fleet.new(name, config, data)
        self.fleet.make_way([run], stay)
        self._use_race(None)
        self._settling = run
        said = "stochastic starts from here once the loss of batch falls no more"
        run.trainer.record.add_event(run.trainer.at, "experiment", after=said)
        run.obey(Start())

    def _part_if_settled(self, run: Run) -> None:
        """Then stochastic descent from there, on an equal budget."""
        if experiment.has_settled(run.trainer.record):
            self._settling = None
            self._part(run)
        elif run.trainer.seconds > experiment.PATIENCE:
            said = f"batch has not settled in {experiment.PATIENCE:g} training seconds"
            self._give_up(run, said)

    def _part(self, run: Run) -> None:
        (name,) = unlike(["stochastic"], (each.name for each in self.fleet.runs))
        try:
            selected = self.fleet.selected
            other = self.fleet.fork(run, name)
            if selected is not run:
                self.fleet.select(selected)
        except UserError as fault:  # meanwhile others took its room
            self._give_up(run, str(fault))
        else:
            other.obey(Change("strategy", "stochastic"))
            self._race(experiment.BUDGET, [run, other])

    def _give_up(self, run: Run, why: str) -> None:
        self._settling = None
        run.obey(Pause())
        run.trainer.record.add_event(run.trainer.at, "experiment", after=why)
