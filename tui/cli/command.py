"""The command `gd-tui`: reads what was given, then opens the app or drives a run without it.

It imports neither torch nor Textual nor Rich until they are needed, so that `--help` and a
mistake are answered at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from errno import EIO, EPIPE
from pathlib import Path
from typing import Any

import click

from core.config import SETTINGS, RunConfig
from core.errors import UserError
from core.optimizers.table import HYPERPARAMETERS
from tui.cli.data_command import data
from tui.cli.export_command import export
from tui.cli.given import ConfigOption, given
from tui.cli.help import WIDTH, SectionedCommand
from tui.cli.layers import Given, blamed, settle
from tui.cli.options import (
    CSV,
    JSON,
    KNOWN,
    SAVING,
    SCREEN,
    SUMMARY,
    SettingOption,
    race_options,
    run_options,
    saving_options,
    screen_options,
    values_of,
)
from tui.cli.race_command import race
from tui.cli.replay_command import replay
from tui.cli.resume_command import resume
from tui.cli.runs_command import runs
from tui.cli.saving import plan_of
from tui.cli.sources import config_file
from tui.cli.summary_file import summary_file
from tui.complaint import PROGRAM, complain, said

INTERRUPTED = 130
_NOBODY_READS = (EPIPE, EIO)  # as in `gd-tui config | head -1`, and when a terminal has gone
SHELLS = ("bash", "zsh", "fish")
_OUTPUT = "The output"


class _Group(SectionedCommand, click.Group):
    """The command itself, which opens the app, and its subcommands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.commands and not ctx.resilient_parsing:
            near = get_close_matches(name, self.commands, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            there_are = ", ".join(self.commands)
            raise UserError(
                f"{name!r}: there is no such command; there are {there_are}{hint}",
                "the command line",
            )
        return super().resolve_command(ctx, args)


def main(args: Sequence[str] | None = None) -> int:
    """Carry out the command line `args` (by default this process's own); its exit status.

    0 done, 1 failed, 2 bad usage, 130 interrupted. What is wrong is said in one line.
    """
    _write_what_can_be_written()
    try:
        status: int | None = gd_tui.main(args, PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except (UserError, click.ClickException) as fault:
        complain(said(fault))
        return 2
    except click.Abort:
        return INTERRUPTED
    except OSError as fault:
        if fault.errno not in _NOBODY_READS:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    return status or 0


def _write_what_can_be_written() -> None:
    """Let a stream that lacks a character write `?` for it, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"{PROGRAM} {version(PROGRAM)}")
        except PackageNotFoundError:
            click.echo(f"{PROGRAM}, from its source: only an installed one has a version")
        ctx.exit()


def _options(*more: click.Parameter) -> list[click.Parameter]:
    return [*run_options(), *more, SettingOption(SUMMARY, _OUTPUT), ConfigOption()]


_SETTINGS: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": WIDTH,
}


@click.group(
    PROGRAM,
    cls=_Group,
    params=_options(*screen_options(), *saving_options()),
    context_settings=_SETTINGS,
    invoke_without_command=True,
    epilog="Each option can also be set by an environment variable (--batch-size by "
    "GD_TUI_BATCH_SIZE) or in config.toml (batch_size = 64). An option beats the environment, "
    "the environment the file; gd-tui config shows what counts, and where the file is.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.pass_context
def gd_tui(ctx: click.Context, /, **_: object) -> int | None:
    """The cockpit for gradient descent: train a network in the terminal, and change how it
    descends while it does. Opens the app; the commands below work without a screen.
    """
    if ctx.invoked_subcommand:
        return None
    from tui.onscreen import missing_terminal, open_app

    values, config = _read(ctx)
    summary, saving = summary_file(values), values_of(SAVING, values)
    try:
        if missing := missing_terminal():
            print(f"{PROGRAM}: {missing}, so this is `{PROGRAM} run`, in plain lines", flush=True)
            return _run(config, saving, summary, plain=True)
        screen = values_of(SCREEN, values)
        return open_app(config, screen, saving, summary, plan_of(saving))
    except UserError as fault:
        raise blamed(fault, values) from fault


@gd_tui.command(
    "run", cls=SectionedCommand, params=_options(*saving_options(), SettingOption(JSON, _OUTPUT))
)
@click.pass_context
def run(ctx: click.Context, /, **_: object) -> int:
    """Train without a screen, for one epoch or until a stop condition is met.

    Exit status: 0 done, 1 failed or diverged, 2 bad usage, 130 interrupted.
    """
    values, config = _read(ctx)
    summary, saving = summary_file(values), values_of(SAVING, values)
    try:
        return _run(config, saving, summary, as_json="json" in values and values["json"].value)
    except UserError as fault:
        raise blamed(fault, values) from fault


gd_tui.add_command(data)
gd_tui.add_command(race)
gd_tui.add_command(runs)
gd_tui.add_command(resume)
gd_tui.add_command(replay)
gd_tui.add_command(export)


@gd_tui.command(
    "config",
    cls=SectionedCommand,
    params=_options(
        *screen_options(),
        *saving_options(),
        *race_options(),
        SettingOption(JSON, _OUTPUT),
        SettingOption(CSV, _OUTPUT),
    ),
)
@click.pass_context
def config(ctx: click.Context, /, **_: object) -> None:
    """Show every setting, its value, and where that came from."""
    from tui.cli.listing import rows, show

    values = given(ctx)
    of_a_run = {**SETTINGS, **HYPERPARAMETERS}
    more = {name: setting for name, setting in KNOWN.items() if name not in of_a_run}
    show(rows(values, settle(values), more), config_file(ctx))


@gd_tui.command("bench")
@click.option("--quick", is_flag=True, help="Take two minutes rather than five; trust it less.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(quick: bool, as_json: bool) -> None:
    """Measure on this machine how fast training is, beside plain PyTorch and the chapter's loop,
    and what the screen costs.

    Best on a machine that has nothing else to do.
    """
    from tui.bench import programme, report

    def say(what: str) -> None:
        print(f"{PROGRAM} bench: {what}", file=sys.stderr, flush=True)

    results = programme.measure(quick=quick, say=say)
    if as_json:
        click.echo(json.dumps(results.as_json(), allow_nan=False))
    else:
        report.show(results)


@gd_tui.command("completion")
@click.argument("shell", type=click.Choice(SHELLS), metavar="SHELL")
def completion(shell: str) -> None:
    """Print the script that completes gd-tui's options in a SHELL: bash, zsh or fish.

    For bash, put this line into ~/.bashrc: eval "$(gd-tui completion bash)"
    """
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(gd_tui, {}, PROGRAM, "_GD_TUI_COMPLETE").source())


def _read(ctx: click.Context) -> tuple[Mapping[str, Given], RunConfig]:
    """All that was given, and the configuration of the run that follows from it."""
    values = given(ctx)
    return values, settle(values).config


def _run(
    config: RunConfig,
    saving: Mapping[str, Any],
    summary: Path | None,
    *,
    as_json: bool = False,
    plain: bool = False,
) -> int:
    from core.engine import Engine
    from tui.headless.run import run, with_an_end

    config = with_an_end(config)
    return run(
        Engine(config, saving=plan_of(saving)),
        config,
        as_json=as_json,
        plain=plain,
        summary=summary,
        saving=saving,
    )
