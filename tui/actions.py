"""Everything that a key, the palette or the mouse can do, in one table.

The bindings, the key bar, the help screen and the palette are all made of it: an action that is
added here is added everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.commands import (
    Advance,
    BringBack,
    Change,
    Drop,
    FinishEpoch,
    Fork,
    GoBack,
    Pause,
    Reset,
    Start,
    StartExperiment,
)
from core.config import ORDERS, SETTINGS, SPEEDS
from core.optimizers.table import OPTIMIZERS
from core.schedules import SCHEDULES
from core.settings import Whole
from core.snapshot import Snapshot, State
from core.strategies import STRATEGIES
from tui import themes
from tui.action import Action, Applies, Cockpit, Do
from tui.format import plural

TRAINING, DESCENT, RUNS, LOOKING = "Training", "Descent", "Several runs", "Looking"


def always(_snapshot: Snapshot) -> bool:
    return True


def _running(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.state is State.RUNNING


def _not_running(snapshot: Snapshot) -> bool:
    return not _running(snapshot)


def _can_go_back(snapshot: Snapshot) -> bool:
    return snapshot.run is not None and snapshot.run.way_back is not None


def _several(snapshot: Snapshot) -> bool:
    return len(snapshot.runs) > 1


def _alone(snapshot: Snapshot) -> bool:
    return len(snapshot.runs) == 1


def _some_run(snapshot: Snapshot) -> bool:
    return _several(snapshot) and any(run.state is State.RUNNING for run in snapshot.runs)


def _none_runs(snapshot: Snapshot) -> bool:
    return _several(snapshot) and not _some_run(snapshot)


def _some_dropped(snapshot: Snapshot) -> bool:
    return bool(snapshot.dropped)


def _unlike(setting: str, value: object) -> Applies:
    """Whether the run has another value than this for the setting."""
    return lambda now: now.run is not None and getattr(now.run.config, setting) != value


def _change(setting: str, value: object) -> Do:
    return lambda cockpit: cockpit.send(Change(setting, value))


def _nudge(setting: str, direction: int) -> Do:
    return lambda cockpit: cockpit.nudge(setting, direction)


def _ask_updates(cockpit: Cockpit) -> None:
    cockpit.ask(
        "train for how many updates?",
        Whole(1),
        lambda updates: cockpit.send(Advance(updates)),
    )


_TRAINING = (
    Action(
        "start",
        "Start training",
        lambda cockpit: cockpit.send(Start()),
        ("space",),
        "start",
        1,
        TRAINING,
        _not_running,
    ),
    Action(
        "pause",
        "Pause training",
        lambda cockpit: cockpit.send(Pause()),
        ("space",),
        "pause",
        1,
        TRAINING,
        _running,
    ),
    Action(
        "one-update",
        "Make one update, then pause",
        lambda cockpit: cockpit.send(Advance(1)),
        ("full_stop",),
        "update",
        2,
        TRAINING,
    ),
    Action(
        "many-updates",
        "Make so many updates, then pause",
        _ask_updates,
        ("comma", "colon"),
        "many",
        8,
        TRAINING,
    ),
    Action(
        "epoch",
        "Train to the end of the epoch, then pause",
        lambda cockpit: cockpit.send(FinishEpoch()),
        ("e",),
        "epoch",
        4,
        TRAINING,
    ),
    Action(
        "go-back",
        "Go back to the last good moment",
        lambda cockpit: cockpit.send(GoBack()),
        ("z",),
        "go back",
        6,
        TRAINING,
        _can_go_back,
    ),
    Action(
        "slower", "Train slower", _nudge("speed", -1), ("less_than_sign",), "speed", 7, TRAINING
    ),
    Action(
        "faster", "Train faster", _nudge("speed", 1), ("greater_than_sign",), "speed", 7, TRAINING
    ),
    Action(
        "reset",
        "Begin again with the same seed",
        lambda cockpit: cockpit.send(Reset()),
        ("r",),
        "reset",
        6,
        TRAINING,
    ),
    Action(
        "reset-seed",
        "Begin again with the next seed",
        lambda cockpit: cockpit.send(Reset(cockpit.next_seed)),
        ("R",),
        group=TRAINING,
    ),
)

_DESCENT = (
    *(
        Action(
            f"strategy-{name}",
            f"Strategy: {name}",
            _change("strategy", name),
            (str(place),),
            "strategy",
            2,
            DESCENT,
            always,  # also while things load: the engine keeps the command until there is a run
        )
        for place, name in enumerate(STRATEGIES, 1)
    ),
    Action(
        "halve",
        "Halve the batch size",
        _nudge("batch_size", -1),
        ("left_square_bracket",),
        "batch size",
        3,
        DESCENT,
    ),
    Action(
        "double",
        "Double the batch size",
        _nudge("batch_size", 1),
        ("right_square_bracket",),
        "batch size",
        3,
        DESCENT,
    ),
    Action(
        "batch-size",
        "Type a batch size",
        lambda cockpit: cockpit.edit("batch_size"),
        ("b",),
        group=DESCENT,
    ),
    Action(
        "lower-rate",
        "Lower the learning rate by a tenth of a decade",
        _nudge("lr", -1),
        ("minus",),
        "rate",
        3,
        DESCENT,
    ),
    Action(
        "raise-rate",
        "Raise the learning rate by a tenth of a decade",
        _nudge("lr", 1),
        ("plus", "equals_sign"),
        "rate",
        3,
        DESCENT,
    ),
    Action(
        "optimizer",
        "Choose an optimizer",
        lambda cockpit: cockpit.choose(SETTINGS["optimizer"]),
        ("o",),
        "optimizer",
        6,
        DESCENT,
    ),
    Action(
        "schedule",
        "Choose a learning-rate schedule",
        lambda cockpit: cockpit.choose(SETTINGS["schedule"]),
        ("s",),
        group=DESCENT,
    ),
)

_RUNS = (
    Action(
        "fork",
        "Fork: copy the run whole, and let both go on",
        lambda cockpit: cockpit.send(Fork()),
        ("f",),
        "fork",
        3,
        RUNS,
    ),
    Action(
        "race",
        "Race: several runs from the same start, on an equal budget",
        lambda cockpit: cockpit.ask_race(),
        ("c",),
        "race",
        3,
        RUNS,
    ),
    Action(
        "experiment",
        "Experiment: can stochastic leave where batch has settled?",
        lambda cockpit: cockpit.send(StartExperiment()),
        ("C",),
        group=RUNS,
    ),
    Action(
        "next-run",
        "Go to the next run, where there are several",
        lambda cockpit: cockpit.select_run(1),
        ("tab",),
        "run",
        2,
        RUNS,
        _several,
    ),
    Action(
        "previous-run",
        "Go to the run before, where there are several",
        lambda cockpit: cockpit.select_run(-1),
        ("shift+tab",),
        group=RUNS,
        applies=_several,
    ),
    Action(
        "start-all",
        "Start all runs",
        lambda cockpit: cockpit.send_to_all(Start()),
        ("a",),
        "start all",
        6,
        RUNS,
        _none_runs,
    ),
    Action(
        "pause-all",
        "Pause all runs",
        lambda cockpit: cockpit.send_to_all(Pause()),
        ("a",),
        "pause all",
        6,
        RUNS,
        _some_run,
    ),
    Action(
        "drop",
        "Put the run away",
        lambda cockpit: cockpit.send(Drop()),
        ("delete", "backspace"),
        "put away",
        6,
        RUNS,
        _several,
    ),
    Action(
        "bring-back",
        "Bring back the run that was put away last",
        lambda cockpit: cockpit.send(BringBack()),
        ("u",),
        "bring back",
        5,
        RUNS,
        _some_dropped,
    ),
    Action(
        "rename",
        "Give the run another name",
        lambda cockpit: cockpit.ask_name(),
        ("N",),
        group=RUNS,
    ),
    Action(
        "hide",
        "Hide the run in the charts, or show it",
        lambda cockpit: cockpit.hide_run(),
        ("h",),
        group=RUNS,
        applies=_several,
    ),
)

_LOOKING = (
    Action(
        "metric",
        "Chart the loss or the accuracy",
        lambda cockpit: cockpit.loss.next_measure(),
        ("m",),
        group=LOOKING,
    ),
    Action(
        "clock",
        "Chart against updates, examples or seconds",
        lambda cockpit: cockpit.loss.next_clock(),
        ("x",),
        group=LOOKING,
    ),
    Action(
        "logarithm",
        "Chart on a logarithmic scale, or not",
        lambda cockpit: cockpit.loss.toggle_log(),
        ("y",),
        group=LOOKING,
    ),
    Action(
        "fresh-digits",
        "Show other digits",
        lambda cockpit: cockpit.predictions.action_fresh(),
        ("n",),
        "digits",
        9,
        LOOKING,
    ),
    Action(
        "wrong-digits",
        "Show only digits judged wrong, or all",
        lambda cockpit: cockpit.predictions.action_toggle_wrong(),
        ("w",),
        group=LOOKING,
    ),
)

_SCREEN = (
    Action(
        "next-panel",
        "Go to the next panel",
        lambda cockpit: cockpit.focus_panel(1),
        ("p", "tab"),
        "panel",
        5,
        applies=_alone,
    ),
    Action(
        "previous-panel",
        "Go to the panel before",
        lambda cockpit: cockpit.focus_panel(-1),
        ("P", "shift+tab"),
        applies=_alone,
    ),
    Action(  # `tab` goes from run to run then
        "next-panel-of-several",
        "Go to the next panel",
        lambda cockpit: cockpit.focus_panel(1),
        ("p",),
        "panel",
        5,
        applies=_several,
    ),
    Action(
        "previous-panel-of-several",
        "Go to the panel before",
        lambda cockpit: cockpit.focus_panel(-1),
        ("P",),
        applies=_several,
    ),
    Action(
        "turn",
        "Show the next panel in the place that several share",
        lambda cockpit: cockpit.turn_view(),
        ("v",),
        "view",
        4,
    ),
    Action(
        "maximise",
        "Give the panel the whole screen, or not",
        lambda cockpit: cockpit.maximise_panel(),
        ("F",),
        "full size",
        8,
    ),
    Action(
        "restore",
        "Back to all panels",
        lambda cockpit: cockpit.restore_panels(),
        ("escape",),
    ),
    Action(
        "theme",
        "Change between dark and light",
        lambda cockpit: cockpit.host.action_switch_ground(),
        ("t",),
        applies=always,
    ),
    Action(
        "palette",
        "Find any action by its name",
        lambda cockpit: cockpit.host.action_command_palette(),
        ("ctrl+p",),
        applies=always,
    ),
    Action(
        "picture",
        "Save the screen as a picture (SVG)",
        lambda cockpit: cockpit.host.action_screenshot(),
    ),
    Action(
        "help",
        "Show what every key does",
        lambda cockpit: cockpit.host.action_help(),
        ("question_mark",),
        "help",
        1,
        applies=always,
    ),
    Action(
        "quit",
        "Quit",
        lambda cockpit: cockpit.host.action_leave(),
        ("q",),
        "quit",
        4,
        applies=always,
    ),
)


def _choices() -> Iterator[Action]:
    """One action for every value of what is chosen by name: for the palette."""
    for name, optimizer in OPTIMIZERS.items():
        yield _choice("optimizer", name, f"Optimizer: {optimizer.torch_name}")
    for name in SCHEDULES:
        yield _choice("schedule", name, f"Schedule: {name}")
    for name in ORDERS:
        yield _choice("order", name, f"Order: {name}")
    for speed in SPEEDS:
        limit = "no limit" if speed is None else f"{plural(int(speed), 'update')} a second"
        yield _choice("speed", speed, f"Speed: {limit}")
    for name in themes.NAMES:
        yield Action(f"theme-{name}", f"Theme: {name}", _theme(name), applies=always)


def _choice(setting: str, value: object, title: str) -> Action:
    applies = _unlike(setting, value)
    return Action(f"{setting}-{value}", title, _change(setting, value), applies=applies)


def _theme(name: str) -> Do:
    return lambda cockpit: setattr(cockpit.host, "theme", name)


ACTIONS: dict[str, Action] = {
    action.id: action
    for action in (*_TRAINING, *_DESCENT, *_RUNS, *_LOOKING, *_SCREEN, *_choices())
}
