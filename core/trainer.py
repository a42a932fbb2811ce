"""One run: model, optimizer, strategy, sampler, clock and record, advanced slice by slice."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.allowance import SLICE_SECONDS
from core.config import RunConfig
from core.data.dataset import Dataset
from core.log import Log
from core.means import Means
from core.memory import is_out_of_memory
from core.models import build as models
from core.models.catalog import is_ours
from core.models.size import micro_batch
from core.models.trial import try_out
from core.optimizers.live import LiveOptimizer
from core.precision import check_precision
from core.randomness import Randomness
from core.record import Record
from core.sampler import Sampler
from core.schedules import Schedule
from core.snapshot import Clock, Moment
from core.steppers import Stepper
from core.steppers.choice import Steppers
from core.steppers.fused.preparation import Preparation

_DONE = object()
_TRIED = 64  # examples at most that the user's own network is tried on

Time = Callable[[], float]


class Trainer:
    """Trains one network on one data set, as `config` says, and takes changes in between.

    Safe points lie between the steps of `advance`: between updates, and between the
    micro-batches of a large one. Everything else may be called only there.
    """

    def __init__(
        self,
        config: RunConfig,
        data: Dataset,
        record: Record,
        kernels: Preparation,
        clock: Time = time.perf_counter,
        log: Log | None = None,
    ) -> None:
        check_precision(config.precision, data.device)
        self.config = config
        self.data = data
        self.record = record
        self.updates = 0
        self.examples = 0
        self.seconds = 0.0
        self.update_progress = 0.0
        self.seconds_under_way = 0.0  # of training that went into an update not made yet
        self._began_at = 0.0  # the seconds before it
        self.diverged = False
        self.means: Means | None = None  # of the latest update
        self._clock = clock
        self._log = log or Log(clock)
        self._large: Iterator[None] | None = None
        network = models.build(config, data.spec)
        self.model, self.loss = network.model.to(data.device), network.loss
        if isinstance(self.loss.own, nn.Module):  # which may weigh the classes
            self.loss.own.to(data.device)
        if not is_ours(config.model):
            size = min(config.examples_per_update(len(data.train)), _TRIED)
            try_out(self.model, self.loss, data, size, config.model)
        self.sampler = Sampler(len(data.train), config.order, config.seed)
        self.optimizer = LiveOptimizer(
            config.optimizer_spec, self.model.parameters(), config.hyperparameters
        )
        self.micro_batch = micro_batch(self.model, data.train.span(0, 1)[0])
        self._steppers = Steppers(network, data.train, config.threads, kernels)
        self.stepper: Stepper = self._steppers.best(self.optimizer, config)
        self.randomness = Randomness(config.seed, data.device, self.model)
        self.schedule = schedule_of(config, start=0.0)
        self.begin_phase()

    @property
    def at(self) -> Moment:
        epoch = self.examples / self.sampler.n
        return Moment(self.updates, self.examples, self.seconds, epoch)

    @property
    def seconds_before(self) -> float:
        """Of training, before an update that is under way."""
        return self._began_at if self.mid_update else self.seconds

    @property
    def examples_per_update(self) -> int:
        return self.config.examples_per_update(self.sampler.n)

    @property
    def next_size(self) -> int:
        """Examples of the next update: an epoch's last one takes what is left."""
        return min(self.examples_per_update, self.sampler.left)

    def progress(self, clock: Clock) -> float:
        """How far training is; of an update under way, the share that is done counts."""
        step = {Clock.UPDATES: 1.0, Clock.EXAMPLES: float(self.next_size), Clock.SECONDS: 0.0}
        return self.at.on(clock) + self.update_progress * step[clock]

    def pace(self, clock: Clock) -> float:
        """How far a slice leads; 0 where that is not known yet."""
        cost = self.seconds_per_update
        updates = SLICE_SECONDS / cost if cost else 0.0
        size = self.examples_per_update
        paces = {Clock.UPDATES: updates, Clock.EXAMPLES: updates * size}
        return paces.get(clock, SLICE_SECONDS)

    @property
    def learning_rate(self) -> float:
        """The rate of the next update, the schedule included."""
        return self._rate(self.examples, self.next_size)

    def advance(self, most: int = sys.maxsize, seconds: float = SLICE_SECONDS) -> None:
        """Train to the next safe point, at most `most` (1 or more) updates further.

        That is some `seconds` away; a large update goes on where the last call left it.
        """
        tried = 0
        try:
            with self.randomness.in_force():
                self._advance(most, seconds)
        except Exception as fault:
            tried = min(self.micro_batch, self.next_size)
            if not is_out_of_memory(fault) or tried == 1:
                raise
        if tried:  # only here: the fault holds on to what did not fit
            self.make_do(tried)

    def _advance(self, most: int, seconds: float) -> None:
        if self._large is None:
            self.use_best_stepper()  # a kernel may have become ready
            size = self.next_size
            count = min(most, self._updates_in(seconds), self.sampler.left // size)
            self._get_ready(size, count)
            if size <= self.micro_batch:
                self._make_updates(size, count)
                return
            self._large = self._large_update(size)
        if next(self._large, _DONE) is _DONE:
            self._large = None

    def _get_ready(self, size: int, count: int) -> None:
        """Let the stepper prepare for `count` updates of this size, off the clock."""
        if size < self.examples_per_update:  # an epoch's last one: not worth it
            return
        rows = self.sampler.peek(count * size).view(count, size)[:, : self.micro_batch]
        self._steppers.prepare(self.stepper, rows, size)
        self.use_best_stepper()  # it may have found that it cannot serve

    def make_do(self, tried: int) -> None:
        """Let half as many examples through the network as there was no memory for at once."""
        note = self.abandon_update()
        self.micro_batch = max(1, tried // 2)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        said = f"there was none for {tried:,} examples at once: now {self.micro_batch:,} at a time"
        self.record.add_event(self.at, "memory", after=said, note=note)

    def pin(self, means: Means) -> None:
        """Make updates by these means from here on, so that their bits are those of a recording."""
        self.abandon_update()
        self._steppers.pin(means.stepper, means.threads)
        self.micro_batch = means.micro_batch

    def _note_means(self) -> None:
        """Tell by what the update after this one is made, if that is news."""
        means = Means(self.stepper.name, self.stepper.every, self.micro_batch)
        if means != self.means:
            self.means = means
            self._log.note("means", self.updates, asdict(means))

    def abandon_update(self, stepper: Stepper | None = None) -> str:
        """Set aside an update under way; its examples will be visited again. Says so, if any."""
        (stepper or self.stepper).abandon()
        if self._large is None:
            return ""
        done = self.update_progress
        self._large = None
        self.update_progress = self.seconds_under_way = 0.0
        return f"the unfinished update was set aside at {done:.0%}"

    @property
    def mid_update(self) -> bool:
        return self._large is not None

    @property
    def slower_because(self) -> str:
        """Why the updates are not made by the fastest stepper there is; nothing if they are."""
        return self._steppers.why_not_faster(self.optimizer, self.config)

    def use_optimizer(self, optimizer: LiveOptimizer) -> str:
        """Go on with another optimizer; says what became of an update under way, if anything."""
        if optimizer.spec is not self.optimizer.spec:
            self.record.forget_costs()
        self.optimizer = optimizer
        return self.use_best_stepper()

    def use_best_stepper(self) -> str:
        """Let the fastest stepper that serves the optimizer go on; a change of it is an event.

        An update under way is then set aside, and that is said.
        """
        best = self._steppers.best(self.optimizer, self.config)
        before, self.stepper = self.stepper, best
        if self.stepper is before:
            return ""
        note = self.abandon_update(before)
        self.record.forget_costs()
        if self.updates:  # else the one before made none
            why = self.slower_because
            self.record.add_event(self.at, "stepper", before.name, self.stepper.name, why)
        return note

    def begin_phase(self) -> None:
        """From here on, updates are of the present strategy and batch size."""
        self.record.begin_phase(self.config.strategy, self.examples_per_update, self.at)

    def _make_updates(self, size: int, count: int) -> None:
        self.data.train.expect(self.sampler.peek(self.sampler.left))
        rows = self.sampler.peek(count * size).view(count, size)
        rates = self._rates(size, count)
        self._note_means()
        began = self._clock()
        losses = self.stepper.updates(rows, rates)
        self._note(losses, size, self._clock() - began)

    def _large_update(self, size: int) -> Iterator[None]:
        """One update, micro-batch by micro-batch: memory stays bounded, a pause never waits."""
        rows = torch.sort(
            self.sampler.peek(size)
        ).values  # a sum; in order, memory is read straight
        self.data.train.expect(rows)
        start, spent = self.seconds, 0.0
        self._began_at = start
        for done, some in enumerate(torch.split(rows, self.micro_batch)):
            if done:
                self.update_progress = done * self.micro_batch / size
                yield
            began = self._clock()
            self.stepper.accumulate(some, size)
            spent += self._clock() - began
            self.seconds, self.seconds_under_way = start + spent, spent
        self._note_means()
        began = self._clock()
        loss = self.stepper.apply(self._rate(self.examples, size))
        spent += self._clock() - began
        self.update_progress = self.seconds_under_way = 0.0
        self.seconds = start
        self._note(np.array([loss], np.float32), size, spent)

    def _note(self, losses: NDArray[np.float32], size: int, seconds: float) -> None:
        """Count the updates that were made; a last loss that is not finite made none."""
        start = self.at
        finite = math.isfinite(losses[-1])
        made = len(losses) if finite else len(losses) - 1
        self.seconds += seconds
        if made:
            self.updates += made
            self.examples += made * size
            self.sampler.advance(made * size)
            self.record.add_updates(start, np.full(made, size, np.int64), seconds, losses[:made])
        self.diverged = not finite

    @property
    def seconds_per_update(self) -> float | None:
        """What the latest updates cost; None before there were any of this kind."""
        return self.record.seconds_per_update.get(self.config.strategy)

    def _updates_in(self, seconds: float) -> int:
        """How many updates fit into so many seconds, by what the latest ones cost."""
        cost = self.seconds_per_update
        return max(1, int(seconds / cost)) if cost else 1

    def _rates(self, size: int, count: int) -> NDArray[np.float64]:
        """The rates of the next `count` updates, each from `size` examples."""
        if self.schedule.constant:
            return np.full(count, self.config.learning_rate)
        return np.array([self._rate(self.examples + k * size, size) for k in range(count)])

    def _rate(self, examples: int, size: int) -> float:
        if self.schedule.constant:
            return self.config.learning_rate
        n = self.sampler.n
        return self.config.learning_rate * self.schedule.factor(examples / n, (examples + size) / n)


def schedule_of(config: RunConfig, start: float) -> Schedule:
    """The learning-rate schedule that is set, beginning at epoch `start`."""
    return Schedule(config.schedule, config.warmup, config.decay, config.decay_epochs, start)
