"""What a key does to training: start, pause, so many updates, take back what was changed."""

from __future__ import annotations

from core.commands import Advance, FinishEpoch, GoBack, Pause, Redo, Reset, Start, Undo
from core.settings import Whole
from tui.action import Action, Cockpit
from tui.actions.applying import (
    can_do_again,
    can_go_back_otherwise,
    not_running,
    nudge,
    running,
    z_goes_back,
    z_takes_back,
)

_GROUP = "Training"


def _ask_updates(cockpit: Cockpit) -> None:
    cockpit.ask(
        "train for how many updates?",
        Whole(1),
        lambda updates: cockpit.send(Advance(updates)),
    )


def _go_back(cockpit: Cockpit) -> None:
    cockpit.send(GoBack())


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
        "Go back to the last good moment, if the run can go no further",
        _go_back,
        ("z",),
        "go back",
        2,
        _GROUP,
        z_goes_back,
    ),
    Action(
        "go-back-anyway",
        "Go back to the last good moment",
        _go_back,
        group=_GROUP,
        applies=can_go_back_otherwise,
    ),
    Action(
        "undo",
        "Take back the last change, and what was trained since",
        lambda cockpit: cockpit.send(Undo()),
        ("z",),
        "undo",
        4,
        _GROUP,
        z_takes_back,
    ),
    Action(
        "redo",
        "Do again what was taken back",
        lambda cockpit: cockpit.send(Redo()),
        ("Z",),
        "redo",
        5,
        _GROUP,
        can_do_again,
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
