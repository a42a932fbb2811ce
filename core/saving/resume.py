"""Going on from what was saved of a run, exactly where it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.config import RunConfig
from core.errors import UserError
from core.models import build as models
from core.run import Run
from core.saving import journal
from core.saving.checkpoint_file import peek, read, unusable
from core.saving.decode import decode
from core.saving.encode import Saved
from core.saving.fields import DamagedError, Fields
from core.saving.folder import RunFolder
from core.saving.settings import from_json
from core.snapshot import State

_BESIDES = 32_000_000  # bytes of curves and of the heading, at most


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was found in a checkpoint's file; its settings and its training set's size first."""

    path: Path
    config: RunConfig
    examples: int
    tensors: dict[str, Tensor]
    state: dict[str, Any]

    @property
    def saved(self) -> Saved:
        """All of it, checked; raises UserError."""
        spec = self.config.data_spec
        try:
            return decode(self.tensors, self.state, _shapes(self.config), self.examples, spec.test)
        except DamagedError as fault:
            raise unusable(self.path, fault) from None


def find(path: Path) -> Found:
    """What is in a checkpoint's file. Raises UserError."""
    try:
        told, size = peek(path)
        if size > _most_bytes(*_settings(told)):
            raise DamagedError("it is larger than a checkpoint of its network can be")
        tensors, state = read(path)
        config, examples = _settings(state)
    except DamagedError as fault:
        raise unusable(path, fault) from None
    return Found(path, config, examples, tensors, state)


def _settings(state: dict[str, Any]) -> tuple[RunConfig, int]:
    """The settings and the training set's size. Raises DamagedError."""
    config = from_json(Fields(state).fields("settings"))
    return config, Fields(state).integer("examples", 1, config.data_spec.train)


def _shapes(config: RunConfig) -> nn.Module:
    """The network without its weights: whatever the settings say costs no memory."""
    spec = config.data_spec
    with torch.device("meta"):
        return models.build(config.model, spec.shape, len(spec.classes), config.widths, config.seed)


def _most_bytes(config: RunConfig, examples: int) -> int:
    """How large a checkpoint's file can be: no optimizer has more than four memories."""
    weights: int = sum(value.nbytes for value in _shapes(config).state_dict().values())
    return 10 * weights + 64 * examples + _BESIDES


def newest(folder: RunFolder) -> Found:
    """The newest checkpoint in a folder that is whole; raises UserError, for the first, if none."""
    refused: UserError | None = None
    for path in folder.checkpoints():
        try:
            found = find(path)
            _ = found.saved  # it is checked whole, before an older one is given up
            return found
        except UserError as fault:
            refused = refused or fault
    raise refused or UserError("there is no checkpoint to go on from", str(folder.path))


def network(found: Found) -> tuple[nn.Module, Tensor]:
    """The network with the weights that were found, and an image (1, ...) such as it takes."""
    spec, config = found.config.data_spec, found.config
    weights = found.saved.checkpoint.weights  # checked before anything of their size is made
    model = models.build(config.model, spec.shape, len(spec.classes), config.widths, config.seed)
    model.load_state_dict(weights)
    return model, torch.zeros(1, *spec.shape)


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
