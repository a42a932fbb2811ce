"""Where and how often runs are saved, and the run that is to go on, if any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.saving.folder import RunFolder

DEFAULT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Runs are saved below the folder `runs`, every so many `seconds` and at every change.

    What was resumed may train a network or data of the user's own: `named` is where these are.

    Changes that come in a burst are saved together: between two saves there are `gap` seconds.

    `resume` is the folder of a run that is to go on: acquired, or `fork`ed, which leaves it as
    it is; None begins a new one. What was resumed takes these `changes` of its settings first. It
    trains on if it trained when it was saved, and with `go` in any case, unless it is done.
    """

    runs: Path
    seconds: float = DEFAULT_SECONDS
    resume: RunFolder | None = None
    fork: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    go: bool = False
    gap: float = 0.5
    named: Mapping[str, str] = field(default_factory=dict)
