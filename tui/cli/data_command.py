"""The command `gd-tui data`: what is in a data set, before anything is trained on it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from core.config import SETTINGS, configure
from core.data.catalog import DATA_SETS
from core.data.own.kinds import WHAT_IS_READ
from core.errors import UserError
from core.snapshot import Loading
from tui.cli.given import ConfigOption, given
from tui.cli.help import SectionedCommand
from tui.cli.layers import Given, Layer, blamed
from tui.cli.options import JSON, SettingOption
from tui.format import count

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.data.own.description import Description

# What decides how own data is read.
READING = ("target", "image_size", "task", "test_share", "split_seed", "missing", "unreadable")


@click.command(
    "data",
    cls=SectionedCommand,
    params=[
        *(SettingOption(SETTINGS[name], "How it is read") for name in READING),
        SettingOption(JSON, "The output"),
        ConfigOption(),
    ],
)
@click.argument("name", required=False)
@click.pass_context
def data(ctx: click.Context, /, name: str | None, **_: object) -> None:
    """Read the data NAME and show it: shapes, classes, counts, a few examples, and whatever there
    is to say of it. Without NAME: which data there is, and what else is read.
    """
    values = given(ctx)
    as_json = "json" in values and values["json"].value
    if name is None:
        _list(as_json=as_json)
        return
    values["data"] = Given(name, Layer.FLAG, "the command line")
    try:
        chosen = {n: values[n].value for n in ("data", *READING) if n in values}
        found = _described(configure(chosen))
    except UserError as fault:
        raise blamed(fault, values) from fault
    if as_json:
        click.echo(json.dumps(_as_json(found), allow_nan=False))
        return
    from tui.cli.data_sheet import show

    show(found)


def _list(*, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(list(DATA_SETS)))
        return
    width = max(map(len, DATA_SETS))
    for spec in DATA_SETS.values():
        shape = "x".join(map(str, spec.shape))
        examples = f"{count(spec.train)} training and {count(spec.test)} test examples"
        click.echo(f"{spec.name.ljust(width)}  {spec.title}: {examples}, {shape}")
    click.echo(f"and your own: {WHAT_IS_READ}")


def _described(config: RunConfig) -> Description:
    from core.data.own.description import describe
    from tui.headless.reports import Bar, Lines

    report = Bar(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)
    try:
        return describe(config, lambda what, share: report.load(Loading(what, share)))
    finally:
        report.close()


def _as_json(found: Description) -> dict[str, Any]:
    spec = found.spec
    return {
        "name": spec.name,
        "title": spec.title,
        "task": str(spec.task),
        "shape": list(spec.shape),
        "train": spec.train,
        "test": spec.test,
        "classes": [
            {"name": each.name, "train": each.train, "test": each.test} for each in found.classes
        ],
        "targets": [
            {"name": each.name, "low": each.low, "mean": each.mean, "high": each.high}
            for each in found.targets
        ],
        "inputs": {
            "low": found.inputs.low,
            "mean": found.inputs.mean,
            "high": found.inputs.high,
            "looked_at": found.looked_at,
        },
        "remarks": list(found.remarks),
    }
