"""`gd-tui config`: every setting, its value, and where that came from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.config import SETTINGS
from core.optimizers.table import HYPERPARAMETERS
from core.settings import Setting
from tui.cli.config_file import ConfigFile
from tui.cli.layers import Given, Settled
from tui.complaint import harmless


class Row(NamedTuple):
    """A line of the listing."""

    name: str
    value: str
    origin: str


def rows(given: Mapping[str, Given], settled: Settled, more: Mapping[str, Setting]) -> list[Row]:
    """The settings of the run, then the hyperparameters of its optimizer, then `more`."""
    listed = [
        *_run_rows(given, settled),
        *_hyperparameter_rows(given, settled),
        *(_plain_row(setting, given) for setting in more.values()),
    ]
    return [Row(*map(harmless, row)) for row in listed]


def _run_rows(given: Mapping[str, Given], settled: Settled) -> Iterator[Row]:
    for name, setting in SETTINGS.items():
        value = setting.kind.write(getattr(settled.config, name))
        implied = name == "strategy" and settled.config.strategy != setting.default
        default = "implied by the batch size" if implied else "default"
        yield Row(name, value, _origin(name, given, settled, default))


def _hyperparameter_rows(given: Mapping[str, Given], settled: Settled) -> Iterator[Row]:
    """What the optimizer has, and what was given although it has it not."""
    optimizer = settled.config.optimizer_spec
    for row in optimizer.hyperparameters:
        value = row.kind.write(settled.config.hyperparameters[row.name])
        origin = _origin(row.name, given, settled, f"default of {optimizer.torch_name}")
        yield Row(row.name, value, origin)
    for name in settled.gave_way:
        if name in HYPERPARAMETERS and name not in settled.config.hyperparameters:
            yield Row(name, "not used", _origin(name, given, settled, ""))


def _plain_row(setting: Setting, given: Mapping[str, Given]) -> Row:
    each = given.get(setting.name)
    value: Any = each.value if each else setting.default
    return Row(setting.name, setting.kind.write(value), each.source if each else "default")


def _origin(name: str, given: Mapping[str, Given], settled: Settled, default: str) -> str:
    origin = given[name].source if name in given else default
    if name in settled.gave_way:
        return f"{origin} gave way: {settled.gave_way[name]}"
    return origin


def show(listed: list[Row], file: ConfigFile) -> None:
    """Print the listing: a table on a terminal, plain lines elsewhere."""
    where = f"config file: {harmless(str(file.path))}" + ("" if file.values else " (nothing in it)")
    if not sys.stdout.isatty():
        print(where)
        for row in listed:
            print(f"{row.name} = {row.value} ({row.origin})")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("setting", "value", "from", title=where, title_justify="left")
    for row in listed:
        table.add_row(*map(Text, row), style="dim" if row.origin.startswith("default") else "")
    Console().print(table)
