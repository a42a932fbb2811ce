"""The command `gd-tui resume`: a saved run goes on exactly where it was."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from core.config import STOP_CONDITIONS
from core.errors import UserError
from core.saving import journal
from core.saving.folder import InUseError, RunFolder
from core.saving.naming import with_own
from core.saving.plan import Plan
from tui.cli.folders import find_run
from tui.cli.given import ConfigOption, given
from tui.cli.help import SectionedCommand
from tui.cli.layers import Given, Layer, blamed
from tui.cli.options import (
    JSON,
    SAVING,
    SCREEN,
    SUMMARY,
    SettingOption,
    named_own,
    own_options,
    saving_options,
    screen_options,
    stop_options,
    values_of,
)
from tui.cli.saving import plan_of, runs_folder
from tui.cli.summary_file import summary_file
from tui.complaint import PROGRAM, complain

_HANDOVER_SECONDS = 60.0  # how long a process without a terminal is given to save and to end
_LOOK_SECONDS = 0.1
_OUTPUT = "The output"


@click.command(
    "resume",
    cls=SectionedCommand,
    params=[
        *stop_options(),
        *own_options(),
        *screen_options(),
        *saving_options(goes_on=True),
        SettingOption(JSON, _OUTPUT),
        SettingOption(SUMMARY, _OUTPUT),
        ConfigOption(),
    ],
)
@click.argument("run", required=False)
@click.option("--headless", is_flag=True, help="Go on without a screen, to the stop condition.")
@click.option("--fork", is_flag=True, help="Go on in a folder of its own; leave RUN as it is.")
@click.pass_context
def resume(ctx: click.Context, /, run: str | None, headless: bool, fork: bool, **_: object) -> int:
    """Go on with RUN, by default the one that was saved last, exactly where it was.

    Its settings are its own, stop conditions included; those given as options replace them.

    Exit status: 0 done, 1 failed or diverged, 2 bad usage, 130 interrupted.
    """
    from tui.onscreen import missing_terminal, open_app

    values = given(ctx)
    saving, summary = values_of(SAVING, values), summary_file(values)
    folder = find_run(runs_folder(saving), run)
    named = named_own(values)
    config = with_own(journal.read(folder.journal)[0].config, named)
    headless = headless or bool(missing_terminal())
    forked = fork or not _acquire(folder)
    plan = plan_of(saving, folder, fork=forked, changes=_changes(values), go=headless, named=named)
    try:
        if not headless:
            return open_app(config, values_of(SCREEN, values), saving, summary, plan)
        as_json = "json" in values and values["json"].value
        return _drive(config, plan, saving, as_json=as_json, summary=summary)
    except UserError as fault:
        raise blamed(fault, values) from fault


def _drive(
    config: Any,
    plan: Plan | None,
    saving: Mapping[str, Any],
    *,
    as_json: bool,
    summary: Path | None,
) -> int:
    from core.engine import Engine
    from tui.headless.run import run

    return run(
        Engine(config, saving=plan),
        config,
        as_json=as_json,
        plain=False,
        summary=summary,
        saving=saving,
        begin=False,
    )


def _changes(values: Mapping[str, Given]) -> dict[str, Any]:
    """The stop conditions given as flags; those of the environment and the file are for others."""
    return {
        name: values[name].value
        for name in STOP_CONDITIONS
        if name in values and values[name].layer is Layer.FLAG
    }


def _acquire(folder: RunFolder) -> bool:
    """Make the folder this process's own; False where it is to be forked instead.

    A process that goes on without a terminal hands it over. Raises UserError where another one
    has it, and nobody can be asked, or a fork is not wanted.
    """
    try:
        folder.acquire()
    except InUseError as fault:
        if _hand_over(folder, fault.holder):
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        complain(fault.message)
        if not click.confirm(f"{PROGRAM}: fork it?", err=True):
            raise click.Abort from None
        return False
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise UserError(f"run {folder.name} cannot be gone on with: {why}; --fork can") from None
    return True


def _hand_over(folder: RunFolder, holder: Mapping[str, Any]) -> bool:
    """Ask the process that holds the run, if it has no terminal any more, to save it and end."""
    pid = holder.get("pid")
    here = holder.get("host") == socket.gethostname() and holder.get("detached") is True
    if not here or not isinstance(pid, int) or pid <= 1:
        return False
    complain(f"process {pid} trains run {folder.name} without a terminal: asking it to hand over")
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, signal.SIGTERM)
        except PermissionError:
            return False
    deadline = time.monotonic() + _HANDOVER_SECONDS
    while time.monotonic() < deadline:
        try:
            folder.acquire()
        except InUseError:
            time.sleep(_LOOK_SECONDS)
        else:
            return True
    return False
