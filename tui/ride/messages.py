"""What travels between a loop's process and the screen's."""

from __future__ import annotations

from dataclasses import dataclass

from core.commands import Command
from core.loops.commands import EndLoop
from core.optimizers.table import OptimizerSpec
from core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Show:
    """How the loop stands; its optimizer's row, if the table has none."""

    snapshot: Snapshot
    spec: OptimizerSpec | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """The screen is to close."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that the person wants of the loop."""

    command: Command | EndLoop


@dataclass(frozen=True, slots=True)
class Left:
    """The screen was left; with `interrupt`, as by Ctrl-C of the script itself."""

    interrupt: bool = False
