"""The command `gd-tui runs`: which runs were saved, where they are, and the end of some."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from core.errors import UserError
from core.saving.fields import DamagedError, Fields
from core.saving.folder import RunFolder
from tui.cli.folders import all_runs, find_run
from tui.cli.given import ConfigOption, given
from tui.cli.help import SectionedCommand
from tui.cli.options import JSON, SAVING, SettingOption, values_of
from tui.cli.saving import runs_folder
from tui.complaint import harmless
from tui.score import r_squared

_RUNS = SettingOption(SAVING["runs"], "Saving")
_HEADINGS = ("run", "state", "epoch", "updates", "score", "best", "what", "saved")
_FIGURES = ("epoch", "updates", "score", "best")
_STATES = ("ready", "running", "paused", "finished", "diverged", "failed")


class _Group(SectionedCommand, click.Group):
    """The list itself, and what can be done with a run in it."""


@click.group(
    "runs",
    cls=_Group,
    params=[_RUNS, SettingOption(JSON, "The output"), ConfigOption()],
    invoke_without_command=True,
)
@click.pass_context
def runs(ctx: click.Context, /, **_: object) -> None:
    """List the saved runs: how far each is, how well it does, when it was saved.

    Runs are kept until you remove them.
    """
    if ctx.invoked_subcommand:
        return
    values = given(ctx)
    where = runs_folder(values_of(SAVING, values))
    rows = [row(folder) for folder in all_runs(where)]
    if "json" in values and values["json"].value:
        click.echo(json.dumps(rows, allow_nan=False))
    elif rows:
        click.echo("\n".join(_table(rows)))
        click.echo(f"{len(rows)} in {where}; gd-tui resume RUN goes on with one")
    else:
        click.echo(f"no run was saved in {where} yet")


@runs.command("path", params=[_RUNS, ConfigOption()])
@click.argument("run", required=False)
@click.pass_context
def path(ctx: click.Context, /, run: str | None, **_: object) -> None:
    """Print the folder of RUN, by default of the one that was saved last."""
    click.echo(find_run(_where(ctx), run).path)


@runs.command("rm", params=[_RUNS, ConfigOption()])
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
@click.pass_context
def rm(ctx: click.Context, /, names: tuple[str, ...], **_: object) -> None:
    """Remove each RUN with all that was saved of it. It cannot be brought back."""
    where = _where(ctx)
    folders = [find_run(where, name) for name in dict.fromkeys(names)]  # before one goes
    for folder, name in zip(folders, dict.fromkeys(names), strict=True):
        if folder.name not in (name, Path(name).name):
            raise UserError(f"{name!r}: to remove {folder.name}, give its whole name")
        if folder.in_use:
            raise UserError(f"run {folder.name}: another process has it open; end that first")
    for folder in folders:
        try:
            shutil.rmtree(folder.path)
        except OSError as fault:
            raise UserError(f"run {folder.name} cannot be removed: {fault.strerror}") from None
        click.echo(f"removed {folder.name}")


def _where(ctx: click.Context) -> Any:
    return runs_folder(values_of(SAVING, given(ctx)))


def row(folder: RunFolder) -> dict[str, Any]:
    """What a list tells of a run; what cannot be made out of its status is None."""
    status = Fields(folder.status())
    training = folder.in_use
    state = _known(status, "state")
    if training:
        state = "open" if state != "running" else "training"
    elif state == "running":
        state = "interrupted"
    return {
        "run": harmless(folder.name),
        "state": state if state in (*_STATES, "open", "training", "interrupted") else "unknown",
        "name": _known(status, "name"),
        "updates": _known(status, "updates", Fields.integer),
        "epochs": _known(status, "epoch", Fields.number),
        "test_accuracy": _known(status, "test_accuracy", Fields.number),
        "best_accuracy": _known(status, "best_accuracy", Fields.number),
        "test_r2": _known(status, "test_r2", Fields.number),
        "best_r2": _known(status, "best_r2", Fields.number),
        "model": _known(status, "model", _place),
        "data": _known(status, "data", _place),
        "strategy": _known(status, "strategy"),
        "batch_size": _known(status, "batch_size", Fields.integer),
        "optimizer": _known(status, "optimizer"),
        "learning_rate": _known(status, "learning_rate", Fields.number),
        "saved": _known(status, "saved"),
    }


def _place(status: Fields, name: str) -> str:
    """A name, or where a file is."""
    return status.text(name, 4_096)


def _known(status: Fields, name: str, read: Any = None) -> Any:
    """A value of a status, unless it is damaged; a text is one that no terminal obeys."""
    if name not in status:
        return None
    try:
        value = read(status, name) if read else status.text(name, 100)
    except DamagedError:
        return None
    return None if isinstance(value, float) and not abs(value) < 1e300 else value


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    lines = [_HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (
            cell.rjust(width) if heading in _FIGURES else cell.ljust(width)
            for heading, cell, width in zip(_HEADINGS, line, widths, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _cells(each: dict[str, Any]) -> tuple[str, ...]:
    return (
        each["run"],
        each["state"],
        _number(each["epochs"], "{:.2f}"),
        _number(each["updates"], "{:,}"),
        _score(each["test_accuracy"], each["test_r2"]),
        _score(each["best_accuracy"], each["best_r2"]),
        _what(each),
        _when(each["saved"]),
    )


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _score(accuracy: float | None, r2: float | None) -> str:
    """ "93.1%" of classes, "R² 0.842" of numbers."""
    return _number(accuracy, "{:.1%}") if r2 is None else f"R² {r_squared(r2)}"


def _what(each: dict[str, Any]) -> str:
    """ "simplenet on mnist, mini-batch 64, sgd 0.01"; of files the names alone, to fit a line."""
    strategy = each["strategy"] or "?"
    sized = strategy == "mini-batch" and each["batch_size"]
    size = f" {each['batch_size']:,}" if sized else ""
    rate = _number(each["learning_rate"], "{:g}")
    model, data = (Path(each[k] or "?").name for k in ("model", "data"))
    optimizer = each["optimizer"] or "?"
    return f"{model} on {data}, {strategy}{size}, {optimizer} {rate}"


def _when(saved: str | None) -> str:
    try:
        return datetime.fromisoformat(saved or "").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return "-"
