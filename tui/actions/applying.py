"""When an action applies, and what several of them do alike."""

from __future__ import annotations

from core.commands import Change
from core.snapshot import Snapshot, State
from tui.action import Applies, Do
from tui.taking_back import goes_back, takes_back


def always(_snapshot: Snapshot) -> bool:
    return True


def running(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.state is State.RUNNING


def not_running(snapshot: Snapshot) -> bool:
    return not running(snapshot)


def z_goes_back(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and goes_back(snapshot.run)


def can_go_back_otherwise(snapshot: Snapshot) -> bool:
    run = snapshot.run
    return run is not None and run.way_back is not None and not goes_back(run)


def z_takes_back(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and takes_back(snapshot.run)


def can_do_again(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.timeline.redo is not None


def looks_back(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.glimpse is not None


def looks_at_now(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.glimpse is None


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
