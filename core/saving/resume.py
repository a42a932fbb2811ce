"""Going on from what was saved of a run, exactly where it was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.config import RunConfig
from core.data.spec import DataSpec
from core.errors import UserError
from core.models import build as models
from core.models.catalog import is_ours
from core.optimizers.table import OPTIMIZERS
from core.run import Run
from core.saving import description, journal
from core.saving.checkpoint_file import peek, read, unusable
from core.saving.decode import decode
from core.saving.encode import Saved
from core.saving.fields import DamagedError, Fields
from core.saving.folder import RunFolder
from core.saving.naming import NOTHING, with_own
from core.saving.settings import from_json
from core.snapshot import State

_BESIDES = 32_000_000  # bytes of curves and of the heading, at most


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was found in a checkpoint's file; its settings and what its data was first."""

    path: Path
    config: RunConfig
    data: DataSpec
    tensors: dict[str, Tensor]
    state: dict[str, Any]

    @property
    def saved(self) -> Saved:
        """All of it, checked; raises UserError."""
        try:
            found = decode(self.tensors, self.state, _shapes(self.config, self.data), self.data)
        except DamagedError as fault:
            raise unusable(self.path, fault) from None
        renamed = replace(  # where the user's own lies now
            found.checkpoint.config, model=self.config.model, data=self.config.data
        )
        return replace(found, checkpoint=replace(found.checkpoint, config=renamed))

    def alike(self, config: RunConfig, data: DataSpec) -> bool:
        """Whether it is of the network of these settings, and of such data."""
        mine = (self.config.model, self.config.model_arg, self.config.widths, self.data.train)
        return mine == (config.model, config.model_arg, config.widths, data.train)


def find(path: Path, named: Mapping[str, str] = NOTHING) -> Found:
    """What is in a checkpoint's file. Raises UserError.

    `named` is what the user has named of their own: see `core.saving.naming`.
    """
    try:
        told, size = peek(path)
        config, data = _settings(told)
        if size > _most_bytes(with_own(config, named), data):
            raise DamagedError("it is larger than a checkpoint of its network can be")
        tensors, state = read(path)
        config, data = _settings(state)
    except DamagedError as fault:
        raise unusable(path, fault) from None
    return Found(path, with_own(config, named), data, tensors, state)


def _settings(state: dict[str, Any]) -> tuple[RunConfig, DataSpec]:
    """The settings, and what the data was. Raises DamagedError."""
    config = from_json(Fields(state).fields("settings"))
    return config, description.from_json(Fields(state).fields("data"), config)


def _shapes(config: RunConfig, data: DataSpec) -> nn.Module:
    """The network without its weights: whatever the settings say costs no memory.

    Only the user's own, of which nothing is known before, is built in full.
    """
    with torch.device("meta" if is_ours(config.model) else "cpu"):
        return models.build(config, data).model


def _most_bytes(config: RunConfig, data: DataSpec) -> float:
    """How large a checkpoint's file can be: no optimizer of torch's has more than four memories."""
    if any(spec.own for spec in OPTIMIZERS.values()):
        return math.inf  # what one of the user's own remembers, nobody knows
    weights: int = sum(value.nbytes for value in _shapes(config, data).state_dict().values())
    return 10 * weights + 64 * data.train + 8 * data.test * data.outputs + _BESIDES


def newest(folder: RunFolder, named: Mapping[str, str] = NOTHING) -> Found:
    """The newest checkpoint in a folder that is whole; raises UserError, for the first, if none."""
    refused: UserError | None = None
    for path in folder.checkpoints():
        try:
            found = find(path, named)
            _ = found.saved  # it is checked whole, before an older one is given up
            return found
        except UserError as fault:
            refused = refused or fault
    raise refused or UserError("there is no checkpoint to go on from", str(folder.path))


def network(found: Found) -> tuple[nn.Module, Tensor]:
    """The network with the weights that were found, and an input (1, ...) such as it takes."""
    weights = found.saved.checkpoint.weights  # checked before anything of their size is made
    model = models.build(found.config, found.data).model
    model.load_state_dict(weights)
    return model, torch.zeros(1, *found.data.shape)


def take_up(run: Run, saved: Saved) -> None:
    """Let a run be what was saved of it."""
    run.take_up(saved.checkpoint)
    run.name = saved.name
    run.state, run.reason, run.goal = saved.state, saved.reason, saved.goal
    run.trainer.diverged = saved.diverged
    run.showcase.load_state(saved.showcase)
    run.prober.load_state(saved.prober)
    run.prober.steadiness, run.prober.noise_scale = saved.steadiness, saved.noise_scale
    judged = saved.checkpoint.record.evaluation
    run.past.way_back = saved.checkpoint if judged and not saved.diverged else None
    if saved.examining:
        run.examine()
    if run.state is State.LOADING:
        run.state = State.PAUSED


def go_on(run: Run, folder: RunFolder, saved: Saved) -> int:
    """Let the journal in the run's folder go on where it ended; the number of its first line.

    Raises UserError if it was altered.
    """
    heading, last = journal.go_on(folder.journal)
    run.log.go_on(heading.first, last.n if last else heading.first, last.seconds if last else 0.0)
    run.log.note_return(run.trainer.updates, saved.checkpoint, "resumed")
    return heading.first
