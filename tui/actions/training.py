"""What a key does to training: start, pause, so many updates, back to where all was well."""

from __future__ import annotations

from core.commands import Advance, FinishEpoch, GoBack, Pause, Reset, Start
from core.settings import Whole
from tui.action import Action, Cockpit
from tui.actions.applying import can_go_back, not_running, nudge, running

_GROUP = "Training"


def _ask_updates(cockpit: Cockpit) -> None:
    cockpit.ask(
        "train for how many updates?",
        Whole(1),
        lambda updates: cockpit.send(Advance(updates)),
    )


ACTIONS = (
    Action(
        "start",
        "Start training",
        lambda cockpit: cockpit.send(Start()),
        ("space",),
        "start",
        1,
        _GROUP,
        not_running,
    ),
    Action(
        "pause",
        "Pause training",
        lambda cockpit: cockpit.send(Pause()),
        ("space",),
        "pause",
        1,
        _GROUP,
        running,
    ),
    Action(
        "one-update",
        "Make one update, then pause",
        lambda cockpit: cockpit.send(Advance(1)),
        ("full_stop",),
        "update",
        2,
        _GROUP,
    ),
    Action(
        "many-updates",
        "Make so many updates, then pause",
        _ask_updates,
        ("comma", "colon"),
        "many",
        8,
        _GROUP,
    ),
    Action(
        "epoch",
        "Train to the end of the epoch, then pause",
        lambda cockpit: cockpit.send(FinishEpoch()),
        ("e",),
        "epoch",
        4,
        _GROUP,
    ),
    Action(
        "go-back",
        "Go back to the last good moment",
        lambda cockpit: cockpit.send(GoBack()),
        ("z",),
        "go back",
        6,
        _GROUP,
        can_go_back,
    ),
    Action("slower", "Train slower", nudge("speed", -1), ("less_than_sign",), "speed", 7, _GROUP),
    Action("faster", "Train faster", nudge("speed", 1), ("greater_than_sign",), "speed", 7, _GROUP),
    Action(
        "reset",
        "Begin again with the same seed",
        lambda cockpit: cockpit.send(Reset()),
        ("r",),
        "reset",
        6,
        _GROUP,
    ),
    Action(
        "reset-seed",
        "Begin again with the next seed",
        lambda cockpit: cockpit.send(Reset(cockpit.next_seed)),
        ("R",),
        group=_GROUP,
    ),
)
