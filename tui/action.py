"""What an action is, and what it may ask of the cockpit and of the app around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from textual.keys import format_key

from core.commands import Command
from core.settings import Kind, Setting
from core.snapshot import Snapshot

SCREEN = "Screen"  # the group of what concerns no run


class EngineLike(Protocol):
    """What the screen needs of `core.engine.Engine`."""

    @property
    def snapshot(self) -> Snapshot: ...
    def start(self) -> None: ...
    def send(self, command: Command, run: int | None = None) -> None: ...


class Host(Protocol):
    """What the cockpit and its actions ask of the app."""

    theme: Any

    @property
    def engine(self) -> EngineLike: ...
    def heed(self, snapshot: Snapshot) -> None: ...
    def clear_notifications(self) -> None: ...
    def action_switch_ground(self) -> None: ...
    def action_command_palette(self) -> None: ...
    def save_picture(self) -> tuple[Path, Path]: ...
    def action_help(self) -> None: ...
    def action_leave(self) -> None: ...


class Charting(Protocol):
    """What can be chosen about the chart."""

    def next_measure(self) -> None: ...
    def next_clock(self) -> None: ...
    def toggle_log(self) -> None: ...


class Showing(Protocol):
    """What can be chosen about the test examples on show."""

    def action_fresh(self) -> None: ...
    def action_toggle_wrong(self) -> None: ...


class Cockpit(Protocol):
    """What actions ask of the screen."""

    @property
    def host(self) -> Host: ...
    @property
    def loss(self) -> Charting: ...
    @property
    def predictions(self) -> Showing: ...
    @property
    def next_seed(self) -> int: ...
    def send(self, command: Command) -> None: ...
    def say(self, text: str) -> None: ...
    def nudge(self, setting: str, direction: int) -> None: ...
    def edit(self, setting: str) -> None: ...
    def choose(self, setting: Setting) -> None: ...
    def ask(self, title: str, kind: Kind, do: Callable[[Any], object]) -> None: ...
    def focus_panel(self, step: int) -> None: ...
    def turn_view(self) -> None: ...
    def show_timeline(self) -> None: ...
    def select_run(self, step: int) -> None: ...
    def send_to_all(self, command: Command) -> None: ...
    def hide_run(self) -> None: ...
    def ask_name(self) -> None: ...
    def ask_race(self) -> None: ...
    def maximise_panel(self) -> None: ...
    def restore_panels(self) -> None: ...


Do = Callable[[Cockpit], object]
Applies = Callable[[Snapshot], bool]


def with_run(snapshot: Snapshot) -> bool:
    return snapshot.run is not None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    `title` is how the palette and the help call it, `label` how the key bar does (empty: it is
    not in the bar); neighbours with the same label share it. Of several actions with one key,
    the one that applies is meant. The bar leaves out high ranks first where it is narrow.
    """

    id: str
    title: str
    do: Do
    keys: tuple[str, ...] = ()
    label: str = ""
    rank: int = 5
    group: str = SCREEN
    applies: Applies = with_run

    @property
    def key_names(self) -> str:
        """The keys as they stand on a keyboard: "." or ", :"."""
        return names_of(self.keys)


def names_of(keys: Iterable[str]) -> str:
    """Keys as they stand on a keyboard."""
    return " ".join(key if key == "backspace" else format_key(key) for key in keys)
