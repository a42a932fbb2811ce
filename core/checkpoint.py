"""A copy of all that a run's training is at one moment, to come back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from core.config import RunConfig
from core.optimizers.live import LiveOptimizer, kept
from core.record import Record
from core.sampler import Visit
from core.schedules import Schedule
from core.snapshot import Moment
from core.switching import Switchboard, Switches
from core.trainer import Trainer


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Weights, optimizer, order, settings and past of a trainer; nothing in it is written later.

    `random` is what its network draws random numbers from: see `core.randomness`.
    `line` is the latest one of the run's log then; -1 if the moment lies in no line of it.
    """

    config: RunConfig
    at: Moment
    weights: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    sampler: Mapping[str, Any]
    schedule: Schedule
    switches: Switches
    micro_batch: int
    record: Record
    random: Mapping[str, Tensor] = field(default_factory=dict)
    line: int = 0

    @property
    def sizes(self) -> dict[int, int]:
        """The bytes of each array in it, by the array's identity: moments share some."""
        arrays = [*_tensors([self.weights, self.optimizer, self.sampler]), *self.record.arrays()]
        if self.switches.optimizer:
            arrays += _tensors(self.switches.optimizer.state)
        return {id(array): array.nbytes for array in arrays}


def _tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in nested dicts and lists."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Visit):
        yield from _tensors([value.visits, value.fixed, value.generator])
    elif isinstance(value, Mapping):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)


def capture(trainer: Trainer, switchboard: Switchboard, line: int = 0) -> Checkpoint:
    """The trainer as it is now; the part of an update under way is not kept."""
    return Checkpoint(
        trainer.config,
        replace(trainer.at, seconds=trainer.seconds_before),
        {name: kept(value) for name, value in trainer.model.state_dict().items()},
        trainer.optimizer.state(),
        trainer.sampler.state(),
        trainer.schedule,
        switchboard.state(),
        trainer.micro_batch,
        trainer.record.copy(),
        trainer.randomness.state(),
        line,
    )


def restore(trainer: Trainer, saved: Checkpoint) -> Switchboard:
    """Make the trainer what it was; returns its switchboard. The checkpoint can be used again."""
    trainer.abandon_update()
    trainer.config = saved.config
    trainer.updates, trainer.examples = saved.at.updates, saved.at.examples
    trainer.seconds = saved.at.seconds
    trainer.diverged = False
    trainer.model.load_state_dict(saved.weights)
    optimizer = LiveOptimizer(
        saved.config.optimizer_spec, trainer.model.parameters(), saved.config.hyperparameters
    )
    optimizer.load_state(saved.optimizer)
    trainer.sampler.load_state(saved.sampler)
    trainer.schedule = saved.schedule
    trainer.micro_batch = saved.micro_batch
    trainer.randomness.load_state(saved.random)
    trainer.record = saved.record.copy()
    trainer.use_optimizer(optimizer)
    switchboard = Switchboard(trainer)
    switchboard.load_state(saved.switches)
    return switchboard
