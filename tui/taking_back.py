"""Where the key `z` leads from a run as it stands: decided here, and put into words."""

from __future__ import annotations

from core.snapshot import RunView, State
from tui.format import count
from tui.writing import change_text

FALLEN = (State.DIVERGED, State.FAILED)


def goes_back(run: RunView) -> bool:
    """Whether `z` leads to the last good moment: that of a run that can go no further."""
    return run.state in FALLEN and run.way_back is not None


def takes_back(run: RunView) -> bool:
    """Whether `z` takes back the last change."""
    return run.timeline.undo is not None and not goes_back(run)


def said_of_z(run: RunView) -> str:
    """What `z` does, to be read after it; nothing where it does nothing."""
    if goes_back(run):
        assert run.way_back is not None
        return f"goes back to update {count(run.way_back.updates)}, and the settings of then"
    undo = run.timeline.undo
    if undo is None:
        return ""
    return f"takes back {change_text(undo.what)}, back to update {count(undo.at.updates)}"
