"""A copy of all that a run is at one moment, to come back to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from core.config import RunConfig
from core.optimizers.live import LiveOptimizer
from core.record import Record
from core.schedules import Schedule
from core.snapshot import Moment
from core.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights, optimizer, order, settings and past of a trainer; nothing in it is shared."""

    config: RunConfig
    at: Moment
    weights: dict[str, Tensor]
    optimizer: dict[str, Any]
    sampler: dict[str, Any]
    schedule: Schedule
    record: Record


def capture(trainer: Trainer) -> Checkpoint:
    """The trainer as it is now; the part of an update under way is not kept."""
    return Checkpoint(
        trainer.config,
        replace(trainer.at, seconds=trainer.seconds - trainer.seconds_under_way),
        {name: value.clone() for name, value in trainer.model.state_dict().items()},
        trainer.optimizer.state(),
        trainer.sampler.state(),
        trainer.schedule,
        trainer.record.copy(),
    )


def restore(trainer: Trainer, saved: Checkpoint) -> None:
    """Make the trainer what it was. The checkpoint can be used again."""
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
    trainer.record = saved.record.copy()
    trainer.use_optimizer(optimizer)
