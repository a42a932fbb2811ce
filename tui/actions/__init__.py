"""Everything that a key, the palette or the mouse can do, in one table.

The bindings, the key bar, the help screen and the palette are all made of it: an action that is
added here is added everywhere.
"""

from __future__ import annotations

from dataclasses import replace

from core.snapshot import Snapshot
from tui.action import Action, Applies
from tui.actions import descent, looking, runs, screen, training
from tui.actions.choices import choices

_IN_ORDER = (  # as the key bar and the help show them
    *training.ACTIONS,
    *descent.ACTIONS,
    *runs.ACTIONS,
    *looking.ACTIONS,
    *screen.ACTIONS,
    *choices(),
)

# What can be done with a loop that is not ours, which can do no more than go on or wait.
_WITH_LOOPS = {
    *("start", "pause", "one-update", "many-updates", "epoch", "slower", "faster"),
    *("halve", "double", "batch-size", "lower-rate", "raise-rate"),
    *("metric", "clock", "logarithm"),
    *(action.id for action in screen.ACTIONS),
    *(action.id for action in choices() if action.id.startswith(("speed-", "theme-"))),
}


def _with_ours_alone(applies: Applies) -> Applies:
    return lambda now: not is_loop(now) and applies(now)


def is_loop(now: Snapshot) -> bool:
    """Whether what is shown is a loop that is not ours."""
    return now.run is not None and now.run.loop is not None


ACTIONS: dict[str, Action] = {
    action.id: action
    if action.id in _WITH_LOOPS
    else replace(action, applies=_with_ours_alone(action.applies))
    for action in _IN_ORDER
}


def cannot_with_loop(action: Action, now: Snapshot) -> bool:
    """Whether it is a loop that is not ours that keeps the action's keys from doing anything."""
    others = (each for each in ACTIONS.values() if {*each.keys} & {*action.keys})
    return is_loop(now) and not any(each.applies(now) for each in others)
