"""Changing how a run descends while it trains: what is kept, what is reset, what is said.

A change loses nothing that can be kept: weights, permutation and cursor stay; an optimizer's
memory stays where the next one can use it. A change that is reversed before another update
leaves no trace: what it had put aside is taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.config import SETTINGS, RunConfig, title_of
from core.errors import UserError
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import HYPERPARAMETERS, OPTIMIZERS
from core.precision import check_precision
from core.schedules import Schedule
from core.trainer import Trainer, schedule_of


@dataclass(frozen=True, slots=True)
class Aside:
    """An optimizer that was put aside before another update: its name and its state."""

    name: str
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Switches:
    """What a switchboard remembers: values by optimizer, and what can still be taken up again."""

    chosen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    optimizer: Aside | None = None
    schedule: Schedule | None = None


class Switchboard:
    """Takes changes of a trainer's live settings, between its slices."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        config = trainer.config
        self._chosen: dict[str, Mapping[str, Any]] = {config.optimizer: config.hyperparameters}
        # What a change put aside, and after how many updates.
        self._optimizer_aside: tuple[int, LiveOptimizer] | None = None
        self._schedule_aside: tuple[int, Schedule] | None = None

    def state(self) -> Switches:
        """All that decides what the changes to come will keep."""
        updates = self._trainer.updates
        optimizer, schedule = self._optimizer_aside, self._schedule_aside
        return Switches(
            dict(self._chosen),
            Aside(optimizer[1].spec.name, optimizer[1].state())
            if optimizer and optimizer[0] == updates
            else None,
            schedule[1] if schedule and schedule[0] == updates else None,
        )

    def load_state(self, state: Switches) -> None:
        trainer, aside = self._trainer, state.optimizer
        self._chosen = dict(state.chosen)
        self._optimizer_aside = self._schedule_aside = None
        if aside:
            spec, values = OPTIMIZERS[aside.name], aside.state["values"]
            optimizer = LiveOptimizer(spec, trainer.model.parameters(), values)
            optimizer.load_state(aside.state)
            self._optimizer_aside = trainer.updates, optimizer
        if state.schedule:
            self._schedule_aside = trainer.updates, state.schedule

    def preview(self, name: str, value: object) -> str:
        """What the change would be, in one line; nothing if it changes nothing.

        Raises UserError where `change` would.
        """
        before, after = self._checked(name, value)
        if after == before:
            return ""
        what, was, now = differences(before, after)[0]
        return f"{title_of(what)} {was} → {now}"

    def change(self, name: str, value: object) -> None:
        """Give a setting or hyperparameter a new value, and note the event.

        Raises UserError, and changes nothing, if the value is not allowed or the setting
        cannot change within a run.
        """
        before, after = self._checked(name, value)
        if after == before:
            return
        note = self._take_up(name, after)
        self._say(before, self._trainer.config, note)

    def _checked(self, name: str, value: object) -> tuple[RunConfig, RunConfig]:
        """The settings as they are and as they would be; raises UserError."""
        if name in SETTINGS and not SETTINGS[name].live:
            raise UserError(f"{SETTINGS[name].title}: it cannot change within a run")
        before = self._trainer.config
        after = before.changed(name, value)
        check_precision(after.precision, self._trainer.data.device)
        return before, after

    def _take_up(self, name: str, after: RunConfig) -> str:
        """Put `after` in force; returns what there is to say of it."""
        if name in HYPERPARAMETERS:
            return self._write_hyperparameter(name, after)
        match name:
            case "strategy" | "batch_size":
                return self._switch_strategy(after)
            case "order":
                return self._switch_order(after)
            case "optimizer":
                return self._switch_optimizer(after)
            case "schedule":
                return self._switch_schedule(after)
            case "precision" | "stepper":
                return self._switch_means(after)
            case "warmup" | "decay" | "decay_epochs":
                self._trainer.schedule = schedule_of(after, self._trainer.schedule.start)
        self._trainer.config = after
        return ""

    def _write_hyperparameter(self, name: str, after: RunConfig) -> str:
        trainer = self._trainer
        note = trainer.optimizer.write(name, after.hyperparameters[name], trainer.updates)
        self._chosen[after.optimizer] = after.hyperparameters
        trainer.config = after
        return note

    def _switch_strategy(self, after: RunConfig) -> str:
        trainer = self._trainer
        note = trainer.abandon_update()
        trainer.config = after
        trainer.begin_phase()
        left = trainer.sampler.left
        if left < trainer.examples_per_update:
            return _joined(note, f"the first update takes the {left:,} examples left in this epoch")
        return note

    def _switch_order(self, after: RunConfig) -> str:
        trainer = self._trainer
        note = trainer.abandon_update()
        trainer.sampler.reorder(after.order)
        trainer.config = after
        return note

    def _switch_optimizer(self, after: RunConfig) -> str:
        trainer = self._trainer
        aside = self._optimizer_aside
        if aside and aside[0] == trainer.updates and aside[1].spec.name == after.optimizer:
            optimizer, note = aside[1], "its memory is as it was"
        else:
            values = self._chosen.get(after.optimizer, after.hyperparameters)
            optimizer = LiveOptimizer(after.optimizer_spec, trainer.model.parameters(), values)
            note = optimizer.adopt(trainer.optimizer) if trainer.updates else ""
        self._optimizer_aside = (trainer.updates, trainer.optimizer)
        note = _joined(note, trainer.use_optimizer(optimizer))
        trainer.config = after.with_hyperparameters(optimizer.values)
        self._chosen[after.optimizer] = trainer.config.hyperparameters
        return note

    def _switch_means(self, after: RunConfig) -> str:
        """Another precision or stepper; of the latter, which one serves then is said at once."""
        trainer = self._trainer
        note = trainer.abandon_update()
        trainer.config = after
        return _joined(note, trainer.use_best_stepper())

    def _switch_schedule(self, after: RunConfig) -> str:
        """A schedule begins at the epoch it is chosen at."""
        trainer = self._trainer
        aside, now = self._schedule_aside, trainer.schedule
        back = aside and aside[0] == trainer.updates and aside[1].kind == after.schedule
        start = aside[1].start if aside and back else trainer.at.epoch
        self._schedule_aside = (trainer.updates, now)
        trainer.schedule = schedule_of(after, start)
        trainer.config = after
        return ""

    def _say(self, before: RunConfig, after: RunConfig, note: str) -> None:
        trainer = self._trainer
        # A new optimizer brings its own hyperparameters: the first difference says it all.
        name, was, now = differences(before, after)[0]
        trainer.record.add_event(trainer.at, name, was, now, note)


def differences(before: RunConfig, after: RunConfig) -> list[tuple[str, str, str]]:
    """What two configurations differ in: each setting's name, what it was, what it is."""
    told = []
    if before.strategy != after.strategy:
        told.append(("strategy", _strategy(before), _strategy(after)))
    for name, setting in SETTINGS.items():
        was, now = getattr(before, name), getattr(after, name)
        said_already = name == "strategy" or (name == "batch_size" and told)
        if was != now and not said_already:
            told.append((name, setting.kind.write(was), setting.kind.write(now)))
    for name, row in HYPERPARAMETERS.items():
        if name in before.hyperparameters and name in after.hyperparameters:
            was, now = before.hyperparameters[name], after.hyperparameters[name]
            if was != now:
                told.append((name, row.kind.write(was), row.kind.write(now)))
    return told


def _strategy(config: RunConfig) -> str:
    """The strategy, with the batch size where that is a choice."""
    chosen = f" {config.batch_size:,}" if config.strategy == "mini-batch" else ""
    return config.strategy + chosen


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
