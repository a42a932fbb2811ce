"""Which runs tell something of a strategy, and which of them may be set against each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from core.config import SETTINGS, STOP_CONDITIONS, RunConfig
from core.optimizers.table import HYPERPARAMETERS
from core.snapshot import Moment, RunView

# What may differ between two runs, or change while one trains, and none is ahead by it.
_HARMLESS = ("speed", "eval_every", "stepper", *STOP_CONDITIONS)


def all_by(runs: Iterable[RunView], strategy: str) -> list[RunView]:
    """The runs that never trained by another strategy, nor by another batch size."""
    return [
        run
        for run in runs
        if [phase.strategy for phase in run.history.phases] == [strategy]
        and run.config.strategy == strategy  # the history may be a moment older
    ]


def are_alike(one: RunView, other: RunView, since: int = 0) -> bool:
    """Whether two runs differed in nothing but strategy and batch size, since so many updates."""
    if any(_was_steered(run, since) for run in (one, other)):
        return False
    where = [(run.model_title, run.device, run.training_examples) for run in (one, other)]
    return where[0] == where[1] and _rest(one.config) == _rest(other.config)


def likes(run: RunView, runs: Iterable[RunView], strategy: str) -> list[RunView]:
    """The runs by another strategy alone that may be compared with `run`."""
    return [other for other in all_by(runs, strategy) if are_alike(run, other)]


def pair_of(runs: Sequence[RunView]) -> tuple[RunView, RunView] | None:
    """A run by batch and one by stochastic that may be compared."""
    for batch in all_by(runs, "batch"):
        for stochastic in likes(batch, runs, "stochastic"):
            return batch, stochastic
    return None


def parted(runs: Sequence[RunView]) -> Iterator[tuple[RunView, RunView, Moment]]:
    """Two runs of one past by batch, of which one went on by stochastic; and from where."""
    for stochastic in runs:
        phases = stochastic.history.phases
        if [phase.strategy for phase in phases] != ["batch", "stochastic"]:
            continue
        start = phases[1].start
        for batch in all_by(runs, "batch"):
            alike = are_alike(batch, stochastic, start.updates)
            if alike and _were_one(batch, stochastic, start):
                yield batch, stochastic, start


def _were_one(batch: RunView, stochastic: RunView, start: Moment) -> bool:
    """Whether two runs had one past up to `start`: forked before that, and by batch until then."""
    forked = {run.forked_at for run in (batch, stochastic) if run.forked_at}
    related = (
        (batch.parent_id == stochastic.parent_id is not None and len(forked) == 1)
        or batch.id == stochastic.parent_id
        or stochastic.id == batch.parent_id
    )
    return related and max(moment.updates for moment in forked) <= start.updates


def _was_steered(run: RunView, since: int) -> bool:
    """Whether a setting that matters was changed after so many updates, the strategy apart."""
    return any(
        event.at.updates > since and event.what not in ("strategy", "batch_size", *_HARMLESS)
        for event in run.events
        if event.what in SETTINGS or event.what in HYPERPARAMETERS
    )


def _rest(config: RunConfig) -> RunConfig:
    """The settings without those in which runs that are compared may differ."""
    harmless: dict[str, Any] = dict.fromkeys(_HARMLESS)
    return replace(config, strategy="batch", batch_size=1, **harmless)
