"""One run as the engine drives it: what it is doing, until when, and how fast."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, fields

from core import stopping
from core.allowance import WHOLE_SLICE, Allowance
from core.checkpoint import Checkpoint, capture, restore
from core.commands import (
    Advance,
    Change,
    FindRate,
    FinishEpoch,
    Fork,
    GoBack,
    LookBack,
    OfRun,
    Pause,
    Redo,
    Rename,
    Reset,
    Return,
    ShowDigits,
    Start,
    StopFinding,
    Undo,
)
from core.config import OF_THE_DRIVE, RunConfig
from core.data.dataset import Dataset
from core.errors import UserError
from core.examiner import Examiner
from core.goal import NO_GOAL, Goal
from core.log import Log
from core.looking import Showcase
from core.measuring.finder import Finder
from core.measuring.instruments import Instruments
from core.measuring.prober import Prober
from core.measuring.turns import Turns
from core.own_code import blame
from core.pace import Pace, RateMeter
from core.past import Past
from core.racing.fairness import Race
from core.record import Record
from core.snapshot import Evaluation, Moment, State
from core.steppers.fused.preparation import Preparation
from core.switching import Switchboard
from core.trainer import Time, Trainer
from core.travel import travel

_GOOD_LOSS = 2.0  # a moment is worth coming back to while its test loss is below this times best


@dataclass(frozen=True, slots=True)
class Origin:
    """What a fork was copied from: the run's name and id, when, and its settings then."""

    parent: str
    id: int
    at: Moment
    config: RunConfig


class Run:
    """Obeys commands, and does its work slice by slice. It belongs to one thread at a time."""

    def __init__(
        self,
        name: str,
        config: RunConfig,
        data: Dataset,
        kernels: Preparation,
        clock: Time = time.perf_counter,
        id: int = 0,
        log: Log | None = None,
    ) -> None:
        self.id = id
        self.name = name
        self.origin: Origin | None = None
        self.data = data
        self.state = State.READY
        self.reason = ""
        self.showcase = Showcase(data, config.seed)
        self.meter = RateMeter()
        self.log = log or Log(clock)
        self.past = Past(clock)
        self.leash: float | None = None  # in a replay: the update to go no further than
        self.clock = clock
        self.kernels = kernels
        self._pace = Pace()
        self._finish = NO_GOAL  # of the race that it takes part in
        self.begin(config, Record())

    def begin(self, config: RunConfig, record: Record) -> None:
        """A new trainer, evaluated once before its first update."""
        self.trainer = Trainer(config, self.data, record, self.kernels, self.clock, self.log)
        self._switchboard = Switchboard(self.trainer)
        self._take_up_trainer()
        self._examiner = Examiner(self.trainer)
        self._examiner.doubling = self._finish is not NO_GOAL
        self._examiner.begin()
        self.come_to_rest(State.READY)

    def _take_up_trainer(self) -> None:
        """Nothing that was known of what the trainer did before counts any more."""
        seed = self.trainer.config.seed
        self.prober = Prober(self.trainer, self.clock, seed)
        self.instruments = Instruments(self.trainer, self.prober, self.clock, seed)
        self.finder = Finder(self.clock)
        self._turns = Turns(self.prober, self.instruments)

    def capture(self) -> Checkpoint:
        """All that the training is now; see `core.checkpoint.capture`."""
        return capture(self.trainer, self._switchboard, self.log.last)

    @property
    def examined(self) -> bool:
        """Whether no evaluation is under way."""
        return not self._examiner.busy

    def examine(self) -> None:
        """Judge the network as it is now; what is due then is looked at afterwards."""
        self._examiner.begin()

    def take_up(self, saved: Checkpoint) -> None:
        """Train on from a checkpoint of the same network and data."""
        self._switchboard = restore(self.trainer, saved)
        self._take_up_trainer()
        self._examiner.give_up()
        self.past.arrive(self.trainer)

    # Racing

    def enter(self, race: Race) -> None:
        """Take part in a race: train until the budget is spent."""
        self._finish = Goal.of_race(race.budget, self.trainer.at)
        self._examiner.doubling = True

    def withdraw(self) -> None:
        """Go on without the race."""
        self._finish = NO_GOAL

    @property
    def arrived(self) -> bool:
        """Whether it has spent its race's budget, or can go no further."""
        fallen = self.state in (State.DIVERGED, State.FAILED)
        return fallen or self._finish is NO_GOAL

    @property
    def racing(self) -> bool:
        """Whether it is spending its budget."""
        return self.state is State.RUNNING and not self.arrived

    def _at_finish(self) -> bool:
        trainer = self.trainer
        return self.racing and self._finish.reached(trainer.at, trainer.next_size)

    def _arrive(self) -> None:
        """Judge the network as it is now that the budget is spent, and stop."""
        trainer, budget = self.trainer, self._finish.budget
        assert budget is not None
        said = f"the race's budget of {budget.in_words} is spent"
        note = trainer.abandon_update()
        if note:
            trainer.record.add_event(trainer.at, "race", after=said, note=note)
        if self._examiner.up_to_date:
            self._finish = NO_GOAL
            self.come_to_rest(State.FINISHED, said)
        else:
            self._examiner.begin()

    # Commands

    def obey(self, command: OfRun) -> None:
        """Carry out a command. Raises UserError if it cannot be, and then changes nothing."""
        match command:
            case Start():
                self.note_command(command)
                self._go()
            case Pause():
                self.note_command(command)
                self._pause()
            case Advance(updates):
                self.note_command(command)
                self._go(Goal(updates=self.trainer.updates + updates))
            case FinishEpoch():
                self.note_command(command)
                sampler = self.trainer.sampler
                self._go(Goal(examples=(sampler.epochs_done + 1) * sampler.n))
            case Change(setting, value):
                self._change(setting, value)
                if setting in ("strategy", "batch_size"):
                    self.meter.clear()  # the old rate says nothing of the new one
                self._settle()
            case Reset() | GoBack() | Undo() | Redo() | Return():
                travel(self, command)
            case LookBack(moment):
                self.past.look(moment)
            case ShowDigits(count, only_wrong, fresh):
                self.showcase.choose(count, only_wrong, fresh, self.trainer.record.predictions)
            case FindRate():
                self._find_rate()
            case StopFinding():
                self.finder.give_up()

    def note_command(self, command: OfRun | Fork | Rename) -> None:
        """Let the log say what was asked, and what with."""
        told = {field.name: getattr(command, field.name) for field in fields(command)}
        self.log.note(type(command).__name__.lower(), self.trainer.updates, told)

    def _find_rate(self) -> None:
        if not self.arrived:
            raise UserError(
                f"{self.name} races, and the others would wait for it; f forks it, and for the "
                "fork a learning rate can be looked for"
            )
        self.finder.begin(self.trainer, self.capture(), self.kernels)
        self.meter.clear()  # it will have rested

    def _change(self, name: str, value: object) -> None:
        """Give a setting another value; one that decides weights can be taken back."""
        before, trainer = self.trainer.config, self.trainer
        if name in OF_THE_DRIVE:
            self._switchboard.change(name, value)
            self.past.rebound(trainer)
        else:
            told = self._switchboard.preview(name, value)  # refused before anything is kept
            if not told:
                return
            kept = self.past.keep_before(self, told)
            self._switchboard.change(name, value)
            self.past.timeline.note_change(kept)
        after = trainer.config
        if after != before:
            self.log.news = True
            held = after.hyperparameters if name in after.hyperparameters else vars(after)
            self.note_command(Change(name, held[name]))

    def _go(self, goal: Goal = NO_GOAL) -> None:
        for name in self.stops_met():
            self._change(name, None)
        self.past.keep_beginning(self)
        self.trainer.diverged = False
        self.goal = goal
        self.meter.clear()
        self.state, self.reason = State.RUNNING, ""

    def go_on(self) -> None:
        """Train towards the goal that there is, if any."""
        self.note_command(Start())
        self.state, self.reason = State.RUNNING, ""

    def _pause(self) -> None:
        if self.state is State.RUNNING:
            self.come_to_rest(State.PAUSED)

    def come_to_rest(self, state: State, reason: str = "") -> None:
        """Train no further until asked to."""
        self.goal = NO_GOAL
        self.meter.clear()
        self.state, self.reason = state, reason
        self.log.note("rest", self.trainer.updates, {"state": state, "reason": reason})

    # Work

    def work(self, allowance: Allowance = WHOLE_SLICE) -> bool:
        """Do a slice of what there is to do; False if there is nothing to do now."""
        try:
            if self.finder.busy:
                self.finder.work()
            elif self._examiner.busy:
                self._examine()
            elif self.state is not State.RUNNING:
                return self._turns.look_closer()
            elif self._held:
                return False
            elif self._at_finish():
                self._arrive()
            elif self._turns.busy:
                self._turns.work()
            else:
                return self._train(allowance)
            return True
        except (Exception, SystemExit) as fault:  # whatever torch or a model raises
            self.fail(fault)
            return True

    @property
    def busy(self) -> bool:
        """Whether something is under way that the weights must not change in."""
        return self._examiner.busy or self._turns.busy

    @property
    def needs_every_core(self) -> bool:
        """Whether no other run may work while this one does."""
        return not self.trainer.stepper.shares

    def wait(self) -> float:
        """Seconds until there is something to do; infinite if nothing is wanted."""
        if self.finder.busy or self._examiner.busy:
            return 0.0
        if self.state is not State.RUNNING:
            return 0.0 if self.instruments.wanted else math.inf
        if self._held:
            return math.inf
        return 0.0 if self._turns.busy else self._pace.wait(self.clock())

    @property
    def _speed(self) -> float | None:
        """The speed limit; a replay keeps the recording's own pace, or none."""
        return self.trainer.config.speed if self.leash is None else None

    @property
    def _held(self) -> bool:
        at = self.trainer.updates
        return self.leash is not None and at >= self.leash and not self._turns.busy

    def fail(self, fault: BaseException) -> None:
        """Pause with an unexpected error as the reason."""
        self._examiner.give_up()
        self._turns.give_up()
        said = blame(fault)
        self.come_to_rest(State.FAILED, said)
        note = self.trainer.abandon_update()
        self.trainer.record.add_event(self.trainer.at, "error", after=self.reason, note=note)

    def _train(self, allowance: Allowance) -> bool:
        trainer, speed = self.trainer, self._speed
        allowed = self._pace.allowed(speed, self.clock())
        if allowed == 0:
            return False
        before = trainer.updates
        seconds = min(allowance.seconds, self._finish.left(trainer.at).seconds)
        self.prober.advance(self._most(allowed, allowance), seconds)
        self._pace.made(trainer.updates - before, speed)
        self._measure_rate()
        if trainer.diverged:
            self._diverge()
        elif not trainer.mid_update or self._at_finish():
            self.past.keep_if_due(self)
            if self._examiner.due and trainer.updates > before:
                self._examiner.begin()
            else:
                self._settle()
        return True

    def _most(self, allowed: int | None, allowance: Allowance) -> int:
        """How many updates may be made before something else is to be looked at."""
        trainer, size = self.trainer, self.trainer.examples_per_update
        finish = self._finish.left(trainer.at)
        limits = [
            math.inf if allowed is None else allowed,
            self.goal.updates - trainer.updates,
            (trainer.config.updates or math.inf) - trainer.updates,
            self._examiner.examples_left / size,
            self._examiner.updates_left,
            allowance.updates,
            math.inf if self.leash is None else self.leash - trainer.updates,
            allowance.examples / size,
            finish.updates,
            finish.examples // size if math.isfinite(finish.examples) else math.inf,  # not beyond
        ]
        fewest = min(limits)
        return max(1, math.ceil(fewest)) if math.isfinite(fewest) else sys.maxsize

    def _measure_rate(self) -> None:
        trainer = self.trainer
        share = trainer.update_progress
        examples = trainer.examples + share * trainer.examples_per_update
        self.meter.mark(self.clock(), trainer.updates + share, examples)

    def _examine(self) -> None:
        evaluation = self._examiner.work()
        if evaluation is not None:
            self._remember(evaluation)
            self._settle()

    def _remember(self, evaluation: Evaluation) -> None:
        """Keep this moment as the way back, if it is a good one."""
        good = evaluation.loss <= _GOOD_LOSS * self.trainer.record.lowest_test_loss  # nor NaN
        if good and self.trainer.updates:
            self.past.way_back = self.capture()

    def _settle(self) -> None:
        """Finish if a stop condition is met, pause if what was asked for is done."""
        trainer = self.trainer
        if self.state is State.RUNNING:
            self._turns.begin_if_due()
        if self._at_finish():
            self._arrive()
        elif self.state in (State.RUNNING, State.PAUSED) and not trainer.mid_update:
            met = self.stops_met()
            if met and trainer.updates:
                self._stop(met[0])
            elif self.goal.reached(trainer.at, trainer.next_size):
                self._pause()

    def _stop(self, condition: str) -> None:
        """Finish because a stop condition is met, judged as it is now."""
        if self._examiner.up_to_date:
            said = stopping.in_words(self.trainer.config, condition, self.trainer.at)
            self.come_to_rest(State.FINISHED, said)
        else:
            self._examiner.begin()

    def stops_met(self) -> list[str]:
        """The stop conditions that hold now, by name."""
        if self.leash is not None:
            return []  # it stops where the recording did
        trainer = self.trainer
        examples = trainer.sampler.n
        return stopping.met(trainer.config, trainer.at, examples, trainer.record.evaluation)

    def _diverge(self) -> None:
        said = f"the loss of update {self.trainer.updates + 1:,} is not finite"
        self.come_to_rest(State.DIVERGED, f"{said}; lower the learning rate")
        self.trainer.record.add_event(self.trainer.at, "diverged", after=said)
