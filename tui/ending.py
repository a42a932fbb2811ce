"""How a run ended: its engine stopped, its summary written, its failure said, its exit status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import summary as summaries
from core.config import RunConfig
from core.errors import UserError
from core.snapshot import Snapshot
from core.summary import Status
from tui.complaint import complain

if TYPE_CHECKING:
    from core.engine import Engine

BAD_USAGE = 2  # the status of a process that was given what cannot be used
STOP_SECONDS = 30.0  # how long the engine is given to end: a large checkpoint is to be written
STOP_LOADING_SECONDS = 5.0  # the same while there is nothing yet that could be saved
EXIT = {
    Status.DONE: 0,
    Status.STOPPED: 0,
    Status.DIVERGED: 1,
    Status.FAILED: 1,
    Status.INTERRUPTED: 130,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, and its summary."""

    status: Status
    summary: Mapping[str, Any]


def stop(engine: Engine) -> None:
    """End the engine, which saves what it has, and wait for that, but not for ever."""
    engine.stop(STOP_SECONDS if engine.snapshot.runs else STOP_LOADING_SECONDS)


def conclude(snapshot: Snapshot, config: RunConfig, otherwise: Status, file: Path | None) -> Ending:
    """The ending of the run in the engine's last snapshot; its summary is written to `file`.

    `otherwise` is the status of a run whose state does not tell that it is over. Raises
    UserError if the run could not begin for a reason that the person can mend, or if its
    summary cannot be written.
    """
    if isinstance(snapshot.fault, UserError):
        raise snapshot.fault
    run = snapshot.run
    status = Status.FAILED if snapshot.error else summaries.status(run, otherwise)
    summary = summaries.summary(config, run, status)
    if file:
        summaries.write(file, summary)
    if status is Status.FAILED:
        complain(f"the run failed: {snapshot.error or (run.reason if run else '')}")
    return Ending(status, summary)
