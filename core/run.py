"""One run as the engine drives it: what it is doing, until when, and how fast."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace

from torch import Tensor

from core import stopping
from core.checkpoint import Checkpoint, capture, restore
from core.commands import (
    Advance,
    Change,
    Command,
    FinishEpoch,
    GoBack,
    Pause,
    Reset,
    ShowDigits,
    Start,
)
from core.config import RunConfig
from core.data.dataset import Dataset
from core.errors import UserError
from core.evaluation import Result, evaluate
from core.looking import Showcase
from core.pace import Pace, RateMeter
from core.record import Record
from core.snapshot import Evaluation, State
from core.steppers.fused.preparation import Preparation
from core.switching import Switchboard
from core.threads import EVERY, use_threads
from core.trainer import Time, Trainer

_GOOD_LOSS = 2.0  # a moment is worth coming back to while its test loss is below this times best


class Run:
    """Obeys commands, and does its work slice by slice. Only the engine's thread may call it."""

    def __init__(
        self,
        name: str,
        config: RunConfig,
        data: Dataset,
        kernels: Preparation,
        clock: Time = time.perf_counter,
    ) -> None:
        self.name = name
        self.data = data
        self.state = State.READY
        self.reason = ""
        self.showcase = Showcase(data, config.seed)
        self.meter = RateMeter()
        self.way_back: Checkpoint | None = None
        self._clock = clock
        self._kernels = kernels
        self._pace = Pace()
        self._evaluating: Iterator[Result | None] | None = None
        self._begin(config, Record())

    def _begin(self, config: RunConfig, record: Record) -> None:
        """A new trainer, evaluated once before its first update."""
        self.trainer = Trainer(config, self.data, record, self._kernels, self._clock)
        self._switchboard = Switchboard(self.trainer)
        self._until_updates = self._until_examples = math.inf
        self.predictions: Tensor | None = None
        self._begin_evaluation()

    # Commands

    def obey(self, command: Command) -> None:
        """Carry out a command. Raises UserError if it cannot be, and then changes nothing."""
        match command:
            case Start():
                self._go()
            case Pause():
                self._pause()
            case Advance(updates):
                self._go(until_updates=self.trainer.updates + updates)
            case FinishEpoch():
                sampler = self.trainer.sampler
                self._go(until_examples=(sampler.epochs_done + 1) * sampler.n)
            case Change(setting, value):
                self._switchboard.change(setting, value)
                self._settle()
            case Reset(seed):
                self._reset(seed)
            case GoBack():
                self._go_back()
            case ShowDigits(count, only_wrong, fresh):
                self.showcase.choose(count, only_wrong, fresh, self.predictions)

    def _go(self, until_updates: float = math.inf, until_examples: float = math.inf) -> None:
        for name in self._stops_met():
            self._switchboard.change(name, None)
        self._until_updates, self._until_examples = until_updates, until_examples
        self.state, self.reason = State.RUNNING, ""
        self.meter.clear()

    def _pause(self) -> None:
        if self.state is State.RUNNING:
            self.state = State.PAUSED
            self.meter.clear()

    def _reset(self, seed: int | None) -> None:
        before = self.trainer
        if before.updates:
            self.way_back = capture(before)
        config = before.config if seed is None else replace(before.config, seed=seed)
        self._begin(config, Record(before.record.revision + 1))
        self.state, self.reason = State.READY, ""
        self.trainer.record.add_event(
            self.trainer.at, "reset", after=f"seed {config.seed}", note=_left_behind(before)
        )

    def _go_back(self) -> None:
        """Return to the last good moment; what is left behind, if good itself, is the next one."""
        saved, left = self.way_back, self.trainer
        left_at, revision = left.updates, left.record.revision + 1
        if saved is None:
            raise UserError("there is no earlier moment to go back to yet")
        if not left.diverged:
            self.way_back = capture(left)
        if saved.config.seed != left.config.seed:
            self._begin(saved.config, Record())
        restore(self.trainer, saved)
        self.trainer.record.revision = revision
        self._switchboard = Switchboard(self.trainer)
        self._evaluating = None
        self._next_evaluation = self._following_evaluation()
        self.state, self.reason = State.PAUSED, ""
        said = f"from update {left_at:,} to {saved.at.updates:,}"
        self.trainer.record.add_event(saved.at, "went back", after=said)

    # Work

    def work(self) -> bool:
        """Do a slice of what there is to do; False if there is nothing to do now."""
        try:
            if self._evaluating is not None:
                self._evaluate()
                return True
            return self._train() if self.state is State.RUNNING else False
        except (
            Exception
        ) as fault:  # whatever a model or torch raises ends the slice, not the engine
            self.fail(fault)
            return True

    def wait(self) -> float:
        """Seconds until there is something to do; infinite if nothing is wanted."""
        if self._evaluating is not None:
            return 0.0
        return self._pace.wait(self._clock()) if self.state is State.RUNNING else math.inf

    def _train(self) -> bool:
        trainer, speed = self.trainer, self.trainer.config.speed
        allowed = self._pace.allowed(speed, self._clock())
        if allowed == 0:
            return False
        before = trainer.updates
        trainer.advance(self._most(allowed))
        self._pace.made(trainer.updates - before, speed)
        self.meter.mark(self._clock(), trainer.updates, trainer.examples)
        if trainer.diverged:
            self._diverge()
        elif not trainer.mid_update:
            if self._evaluation_due():
                self._begin_evaluation()
            else:
                self._settle()
        return True

    def _most(self, allowed: int | None) -> int:
        """How many updates may be made before something else is to be looked at."""
        trainer = self.trainer
        size = trainer.examples_per_update
        limits = [
            math.inf if allowed is None else allowed,
            self._until_updates - trainer.updates,
            (trainer.config.updates or math.inf) - trainer.updates,
            -((trainer.examples - self._next_evaluation) // size),
        ]
        fewest = min(limits)
        return max(1, int(fewest)) if math.isfinite(fewest) else 1 << 30

    def _settle(self) -> None:
        """Finish if a stop condition is met, pause if what was asked for is done."""
        trainer = self.trainer
        met = self._stops_met()
        if met and trainer.updates:
            if not self._evaluated_here():
                self._begin_evaluation()
                return
            self.state = State.FINISHED
            self.reason = stopping.in_words(trainer.config, met[0])
            self.meter.clear()
        elif trainer.updates >= self._until_updates or trainer.examples >= self._until_examples:
            self._pause()

    def _stops_met(self) -> list[str]:
        trainer = self.trainer
        return stopping.met(
            trainer.config, trainer.at, trainer.sampler.n, trainer.record.evaluation
        )

    def _diverge(self) -> None:
        update = self.trainer.updates + 1
        self.state = State.DIVERGED
        self.reason = f"the loss of update {update:,} is not finite; lower the learning rate"
        self.meter.clear()
        self.trainer.record.add_event(
            self.trainer.at, "diverged", after=f"the loss of update {update:,} is not finite"
        )

    def fail(self, fault: Exception) -> None:
        """Pause with an unexpected error as the reason."""
        self._evaluating = None
        self.state = State.FAILED
        self.reason = " ".join(f"{type(fault).__name__}: {fault}".split())
        self.meter.clear()
        note = self.trainer.abandon_update()
        self.trainer.record.add_event(self.trainer.at, "error", after=self.reason, note=note)

    # Evaluation

    def _begin_evaluation(self) -> None:
        self._evaluating = evaluate(
            self.trainer.model,
            self.data.test_images,
            self.data.test_labels,
            self.trainer.micro_batch,
        )

    def _evaluate(self) -> None:
        """One chunk of the test set, off the training clock."""
        assert self._evaluating is not None
        use_threads(EVERY)
        result = next(self._evaluating)
        if result is None:
            return
        self._evaluating = None
        self._next_evaluation = self._following_evaluation()
        self.predictions = result.predictions
        record, at = self.trainer.record, self.trainer.at
        record.add_evaluation(Evaluation(at, result.loss, result.accuracy))
        good = result.loss <= _GOOD_LOSS * record.lowest_test_loss  # never so if it is not finite
        if good and self.trainer.updates:
            self.way_back = capture(self.trainer)
        self._settle()

    def _evaluation_due(self) -> bool:
        trainer = self.trainer
        return trainer.examples >= self._next_evaluation or trainer.sampler.cursor == 0

    def _following_evaluation(self) -> float:
        """The count of examples at which the next evaluation is due."""
        every = self.trainer.config.eval_every
        return (self.trainer.examples // every + 1) * every if every else math.inf

    def _evaluated_here(self) -> bool:
        evaluation = self.trainer.record.evaluation
        return evaluation is not None and evaluation.at == self.trainer.at


def _left_behind(trainer: Trainer) -> str:
    return f"{trainer.updates:,} updates left behind" if trainer.updates else ""
