"""What an engine is to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.config import RunConfig
from core.replaying.script import Replay
from core.saving.plan import Plan


@dataclass(frozen=True, slots=True)
class Wish:
    """The settings of the first run, where downloaded data sets are kept, whether the kernels
    are waited for; how runs are saved, and which one is to go on; a recording to be replayed.
    """

    config: RunConfig
    cache: Path | None = None
    wait_for_kernels: bool = True
    saving: Plan | None = None
    replay: Replay | None = None
