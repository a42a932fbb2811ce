"""One action for every value of what is chosen by name: for the palette."""

from __future__ import annotations

from collections.abc import Iterator

from core.config import ORDERS, SPEEDS
from core.optimizers.table import OPTIMIZERS
from core.schedules import SCHEDULES
from tui import themes
from tui.action import Action, Do
from tui.actions.applying import always, change, unlike
from tui.format import plural


def choices() -> Iterator[Action]:
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
    applies = unlike(setting, value)
    return Action(f"{setting}-{value}", title, change(setting, value), applies=applies)


def _theme(name: str) -> Do:
    return lambda cockpit: setattr(cockpit.host, "theme", name)
