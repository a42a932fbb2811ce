"""What a key does to several runs: fork, race, go to another, put one away."""

from __future__ import annotations

from core.commands import BringBack, Drop, Fork, Pause, Start, StartExperiment
from tui.action import Action, Cockpit
from tui.actions.applying import none_runs, several, some_dropped, some_run

_GROUP = "Several runs"


def _experiment(cockpit: Cockpit) -> None:
    cockpit.send(StartExperiment())
    cockpit.say("first batch settles in a small problem; then stochastic starts from there")


ACTIONS = (
    Action(
        "fork",
        "Fork: copy the run whole, and let both go on",
        lambda cockpit: cockpit.send(Fork()),
        ("f",),
        "fork",
        3,
        _GROUP,
    ),
    Action(
        "race",
        "Race: several runs from the same start, on an equal budget",
        lambda cockpit: cockpit.ask_race(),
        ("c",),
        "race",
        3,
        _GROUP,
    ),
    Action(
        "experiment",
        "Experiment: can stochastic leave where batch has settled?",
        _experiment,
        ("C",),
        group=_GROUP,
    ),
    Action(
        "next-run",
        "Go to the next run, where there are several",
        lambda cockpit: cockpit.select_run(1),
        ("tab",),
        "run",
        2,
        _GROUP,
        several,
    ),
    Action(
        "previous-run",
        "Go to the run before, where there are several",
        lambda cockpit: cockpit.select_run(-1),
        ("shift+tab",),
        group=_GROUP,
        applies=several,
    ),
    Action(
        "start-all",
        "Start all runs",
        lambda cockpit: cockpit.send_to_all(Start()),
        ("a",),
        "start all",
        6,
        _GROUP,
        none_runs,
    ),
    Action(
        "pause-all",
        "Pause all runs",
        lambda cockpit: cockpit.send_to_all(Pause()),
        ("a",),
        "pause all",
        6,
        _GROUP,
        some_run,
    ),
    Action(
        "drop",
        "Put the run away",
        lambda cockpit: cockpit.send(Drop()),
        ("delete", "backspace"),
        "put away",
        6,
        _GROUP,
        several,
    ),
    Action(
        "bring-back",
        "Bring back the run that was put away last",
        lambda cockpit: cockpit.send(BringBack()),
        ("u",),
        "bring back",
        3,
        _GROUP,
        some_dropped,
    ),
    Action(
        "rename",
        "Give the run another name",
        lambda cockpit: cockpit.ask_name(),
        ("N",),
        group=_GROUP,
    ),
    Action(
        "hide",
        "Hide the run in the charts, or show it",
        lambda cockpit: cockpit.hide_run(),
        ("h",),
        group=_GROUP,
        applies=several,
    ),
)
