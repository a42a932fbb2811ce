"""What a key does to what the charts and the examples show, and of when."""

from __future__ import annotations

from core.commands import LookBack
from tui.action import Action
from tui.actions.applying import looks_back

_GROUP = "Looking"

ACTIONS = (
    Action(
        "metric",
        "Chart the loss, or how the test went",
        lambda cockpit: cockpit.loss.next_measure(),
        ("m",),
        group=_GROUP,
    ),
    Action(
        "clock",
        "Chart against updates, examples or seconds",
        lambda cockpit: cockpit.loss.next_clock(),
        ("x",),
        group=_GROUP,
    ),
    Action(
        "logarithm",
        "Chart on a logarithmic scale, or not",
        lambda cockpit: cockpit.loss.toggle_log(),
        ("y",),
        group=_GROUP,
    ),
    Action(
        "fresh-examples",
        "Show other examples",
        lambda cockpit: cockpit.predictions.action_fresh(),
        ("n",),
        "examples",
        9,
        _GROUP,
    ),
    Action(
        "wrong-examples",
        "Show only the examples judged worst, or all",
        lambda cockpit: cockpit.predictions.action_toggle_wrong(),
        ("w",),
        group=_GROUP,
    ),
    Action(
        "timeline",
        "Look back at earlier moments, in the timeline",
        lambda cockpit: cockpit.show_timeline(),
        ("T",),
        "look back",
        9,
        _GROUP,
    ),
    Action(
        "now",
        "Show the run as it is now again",
        lambda cockpit: cockpit.send(LookBack()),
        ("escape",),
        "now",
        2,
        _GROUP,
        looks_back,
    ),
)
