"""What a key does to how the run descends: strategy, batch size, learning rate, optimizer."""

from __future__ import annotations

from core.config import SETTINGS
from core.strategies import STRATEGIES
from tui.action import Action
from tui.actions.applying import always, change, nudge

_GROUP = "Descent"

ACTIONS = (
    *(
        Action(
            f"strategy-{name}",
            f"Strategy: {name}",
            change("strategy", name),
            (str(place),),
            "strategy",
            2,
            _GROUP,
            always,  # also while things load: the engine keeps the command until there is a run
        )
        for place, name in enumerate(STRATEGIES, 1)
    ),
    Action(
        "halve",
        "Halve the batch size",
        nudge("batch_size", -1),
        ("left_square_bracket",),
        "batch size",
        3,
        _GROUP,
    ),
    Action(
        "double",
        "Double the batch size",
        nudge("batch_size", 1),
        ("right_square_bracket",),
        "batch size",
        3,
        _GROUP,
    ),
    Action(
        "batch-size",
        "Type a batch size",
        lambda cockpit: cockpit.edit("batch_size"),
        ("b",),
        group=_GROUP,
    ),
    Action(
        "lower-rate",
        "Lower the learning rate by a tenth of a decade",
        nudge("lr", -1),
        ("minus",),
        "rate",
        3,
        _GROUP,
    ),
    Action(
        "raise-rate",
        "Raise the learning rate by a tenth of a decade",
        nudge("lr", 1),
        ("plus", "equals_sign"),
        "rate",
        3,
        _GROUP,
    ),
    Action(
        "find-rate",
        "Find a learning rate: a range test on a copy of the run",
        lambda cockpit: cockpit.find_rate(),
        ("l",),
        "find rate",
        7,
        _GROUP,
    ),
    Action(
        "optimizer",
        "Choose an optimizer",
        lambda cockpit: cockpit.choose(SETTINGS["optimizer"]),
        ("o",),
        "optimizer",
        6,
        _GROUP,
    ),
    Action(
        "schedule",
        "Choose a learning-rate schedule",
        lambda cockpit: cockpit.choose(SETTINGS["schedule"]),
        ("S",),
        group=_GROUP,
    ),
)
