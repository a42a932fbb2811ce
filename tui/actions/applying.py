"""When an action applies, and what several of them do alike."""

from __future__ import annotations

from core.commands import Change
from core.snapshot import Snapshot, State
from tui.action import Applies, Do


def always(_snapshot: Snapshot) -> bool:
    return True


def running(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.state is State.RUNNING


def not_running(snapshot: Snapshot) -> bool:
    return not running(snapshot)


def can_go_back(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.way_back is not None


def several(snapshot: Snapshot) -> bool:
    return len(snapshot.runs) > 1


def alone(snapshot: Snapshot) -> bool:
    return len(snapshot.runs) == 1


def some_run(snapshot: Snapshot) -> bool:
    return several(snapshot) and any(run.state is State.RUNNING for run in snapshot.runs)


def none_runs(snapshot: Snapshot) -> bool:
    return several(snapshot) and not some_run(snapshot)


def some_dropped(snapshot: Snapshot) -> bool:
    return bool(snapshot.dropped)


def unlike(setting: str, value: object) -> Applies:
    """Whether the run has another value than this for the setting."""
    return lambda now: now.run is not None and getattr(now.run.config, setting) != value


def change(setting: str, value: object) -> Do:
    return lambda cockpit: cockpit.send(Change(setting, value))


def nudge(setting: str, direction: int) -> Do:
    return lambda cockpit: cockpit.nudge(setting, direction)
