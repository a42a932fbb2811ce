"""Going on from what was saved of a run, exactly where it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.config import RunConfig
from core.data.catalog import DATA_SETS
from core.errors import UserError
from core.models import build as models
from core.run import Run
from core.saving import files, journal
from core.saving.checkpoint_file import read, unusable
from core.saving.decode import decode
from core.saving.encode import Saved
from core.saving.fields import DamagedError, Fields
from core.saving.folder import RunFolder
from core.saving.settings import from_json
from core.snapshot import State


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
        spec, config = DATA_SETS[self.config.data], self.config
        try:
            with torch.device("meta"):  # shapes alone: whatever the settings say costs no memory
                network = models.build(
                    config.model, spec.shape, len(spec.classes), config.widths, config.seed
                )
            return decode(self.tensors, self.state, network, self.examples, spec.test)
        except DamagedError as fault:
            raise unusable(self.path, fault) from None


def find(path: Path) -> Found:
    """What is in a checkpoint's file. Raises UserError."""
    tensors, state = read(path)
    try:
        config = from_json(Fields(state).fields("settings"))
        examples = Fields(state).integer("examples", 1, config.data_spec.train)
    except DamagedError as fault:
        raise unusable(path, fault) from None
    return Found(path, config, examples, tensors, state)


def newest(folder: RunFolder) -> Found:
    """The newest checkpoint in a folder that is whole; raises UserError, for the first, if none."""
    refused: UserError | None = None
    for path in folder.checkpoints():
        try:
            found = find(path)
            assert found.saved  # it is checked whole, before an older one is given up
            return found
        except UserError as fault:
            refused = refused or fault
    raise refused or UserError("there is no checkpoint to go on from", str(folder.path))


def take_up(run: Run, saved: Saved) -> None:
    """Let a run be what was saved of it."""
    run.take_up(saved.checkpoint)
    run.name = saved.name
    run.state, run.reason, run.goal = saved.state, saved.reason, saved.goal
    run.trainer.diverged = saved.diverged
    run.showcase.load_state(saved.showcase)
    run.prober.load_state(saved.prober)
    run.prober.steadiness, run.prober.noise_scale = saved.steadiness, saved.noise_scale
    run.past.way_back = saved.checkpoint if saved.checkpoint.record.evaluation else None
    if run.state is State.LOADING:
        run.state = State.PAUSED


def go_on(run: Run, folder: RunFolder, saved: Saved) -> int:
    """Let the journal in the run's folder go on where it ended; the number of its first line.

    Raises UserError if it was altered.
    """
    heading, lines = journal.read(folder.journal)
    _cut_torn_line(folder.journal)
    last = lines[-1] if lines else None
    run.log.go_on(heading.first, last.n if last else heading.first, last.seconds if last else 0.0)
    run.log.note_return(run.trainer.updates, saved.checkpoint, "resumed")
    return heading.first


def _cut_torn_line(path: Path) -> None:
    """Leave out what was being written when the process ended."""
    with path.open("rb+") as file:
        size = file.seek(0, 2)
        begin = max(0, size - 1_100_000)  # no line is longer
        file.seek(begin)
        whole = file.read().rfind(b"\n") + 1
        if begin + whole < size:
            file.truncate(begin + whole)
    files.sync_folder(path.parent)
