"""The command `gd-tui export`: what was saved of a run, for other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import UserError
from core.saving.fields import DamagedError
from core.saving.folder import RunFolder
from core.saving.journal import Line
from tui.cli.folders import find_run
from tui.cli.given import ConfigOption, given
from tui.cli.help import SectionedCommand
from tui.cli.options import SAVING, SettingOption, named_own, own_options, values_of
from tui.cli.saving import runs_folder

if TYPE_CHECKING:
    from core.saving.resume import Found

_TABLES = (".csv", ".jsonl")
_FIGURES = ("epoch", "examples", "seconds", "train_loss", "test_loss", "test_accuracy", "test_r2")
_MODELS = (".safetensors", ".pt2", ".onnx")
_SUFFIXES = ", ".join((*_TABLES, *_MODELS))


@click.command(
    "export",
    cls=SectionedCommand,
    params=[*own_options(), SettingOption(SAVING["runs"], "Saving"), ConfigOption()],
)
@click.argument("run", required=False)
@click.option(
    "--to",
    "files",
    multiple=True,
    required=True,
    metavar="FILE",
    help=f"What is written follows from how the name ends ({_SUFFIXES}). May be given again.",
)
@click.option("--curves", is_flag=True, help="In tables: the charts' data, not second by second.")
@click.pass_context
def export(
    ctx: click.Context, /, run: str | None, files: tuple[str, ...], curves: bool, **_: object
) -> None:
    """Write the figures or the network of RUN, by default of the one that was saved last.

    Tables (.csv, .jsonl) have the figures of every second or so, or what the charts are drawn
    from. The network is written as weights (.safetensors), as a program of torch.export (.pt2),
    or for other runtimes (.onnx, which needs pip install 'gd-tui[onnx]').
    """
    values = given(ctx)
    folder, named = find_run(runs_folder(values_of(SAVING, values)), run), named_own(values)
    paths = [_checked(name) for name in files]
    for path in paths:
        if path.resolve().parent == folder.path.resolve():
            raise UserError(f"{str(path)!r} would lie among the run's own files", "--to")
    for path in paths:
        _write(folder, path, curves, named)
        click.echo(f"{folder.name}: {path}")


def _checked(name: str) -> Path:
    path = Path(name).expanduser()
    if path.suffix.lower() not in (*_TABLES, *_MODELS):
        raise UserError(f"{name!r}: the name must end with one of {_SUFFIXES}", "--to")
    if not path.parent.is_dir():
        raise UserError(f"{name!r}: there is no such folder", "--to")
    return path


def _write(folder: RunFolder, path: Path, curves: bool, named: Mapping[str, str]) -> None:
    suffix = path.suffix.lower()
    try:
        if suffix in _MODELS:
            _write_model(_newest(folder, named), path, suffix)
        elif curves:
            _write_curves(_newest(folder, named), path, suffix)
        else:
            _write_metrics(folder, path, suffix)
    except DamagedError as fault:
        raise UserError(f"the journal cannot be used: {fault}", str(folder.journal)) from None
    except OSError as fault:
        raise UserError(f"{str(path)!r} cannot be written: {fault.strerror or fault}") from None


def _newest(folder: RunFolder, named: Mapping[str, str]) -> Found:
    from core.saving.resume import newest  # brings torch

    return newest(folder, named)


def _write_metrics(folder: RunFolder, path: Path, suffix: str) -> None:
    from core.export.metrics import Form, write_journal_metrics
    from core.saving import journal

    _, lines = journal.read(folder.journal)
    rows = [_figures(line) for line in lines if line.what == "metrics"]
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_journal_metrics(rows, stream, Form(suffix[1:]))


def _figures(line: Line) -> dict[str, object]:
    names = [name for name in _FIGURES if name in line.told]
    return {"update": line.update} | {name: line.told.number(name) for name in names}


def _write_curves(found: Found, path: Path, suffix: str) -> None:
    from core.export.metrics import Form, write_curves

    record = found.saved.checkpoint.record
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_curves(record.history(), stream, Form(suffix[1:]))


def _write_model(found: Found, path: Path, suffix: str) -> None:
    from core.export import model as models
    from core.saving.resume import network

    model, example = network(found)
    writers: Mapping[str, Callable[[], None]] = {
        ".safetensors": lambda: models.save_safetensors(model, found.data, path),
        ".pt2": lambda: models.save_program(model, found.data, example, path),
        ".onnx": lambda: models.save_onnx(model, found.data, example, path),
    }
    writers[suffix]()
