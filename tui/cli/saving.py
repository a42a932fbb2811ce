"""How runs are saved, as the command line has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.saving.folder import RunFolder
from core.saving.plan import Plan
from tui.cli.folders import default_runs


def runs_folder(saving: Mapping[str, Any]) -> Path:
    """Where the runs are."""
    named = saving["runs"]
    return Path(named).expanduser() if named else default_runs()


def plan_of(saving: Mapping[str, Any], resume: RunFolder | None = None, **more: Any) -> Plan | None:
    """The plan that the settings of SAVING make; None where nothing is to be saved."""
    if not saving["save"] and resume is None:
        return None
    return Plan(runs_folder(saving), saving["autosave"], resume, **more)
