"""The command `gd-tui replay`: a journal is run again, and its weights compared."""

from __future__ import annotations

from pathlib import Path

import click

from core.errors import UserError
from core.replaying.script import Replay, load
from core.saving.folder import JOURNAL
from core.saving.naming import with_own
from core.settings import Number
from tui.cli.folders import find_run
from tui.cli.given import ConfigOption, given
from tui.cli.help import SectionedCommand
from tui.cli.options import (
    JSON,
    SAVING,
    SCREEN,
    SettingOption,
    named_own,
    own_options,
    screen_options,
    values_of,
)
from tui.cli.saving import plan_of, runs_folder

_SPEED = Number(0, 1e6, open_low=True)


@click.command(
    "replay",
    cls=SectionedCommand,
    params=[
        *screen_options(),
        *own_options(),
        SettingOption(SAVING["runs"], "Saving"),
        SettingOption(JSON, "The output"),
        ConfigOption(),
    ],
)
@click.argument("journal")
@click.option("--screen", is_flag=True, help="Play it in the app, as fast as it was recorded.")
@click.option("--speed", metavar="X", help="Play it in the app, so many times as fast.")
@click.pass_context
def replay(
    ctx: click.Context, /, journal: str, screen: bool, speed: str | None, **_: object
) -> int:
    """Run a JOURNAL again, a file or a saved run's, and compare the weights with those of then.

    On the same machine with the same stepper they are the same, bit for bit; elsewhere the
    largest difference is told. Exit status: 0 all the same, 1 different, 2 bad usage.
    """
    values = given(ctx)
    saving = values_of(SAVING, values)
    script, named = load(_journal(runs_folder(saving), journal)), named_own(values)
    config = with_own(script.heading.config, named)
    if screen or speed is not None:
        from tui.onscreen import missing_terminal, open_app

        if missing := missing_terminal():
            raise UserError(f"a replay cannot be shown here: {missing}", "--screen")
        played = Replay(script, _times(speed), named)
        shown = values_of(SCREEN, values) | {"start": True}
        return open_app(config, shown, saving, None, plan_of(saving), played)
    from tui.headless.replaying import run

    return run(
        config, Replay(script, named=named), as_json="json" in values and values["json"].value
    )


def _times(speed: str | None) -> float:
    try:
        return _SPEED.parse(speed) if speed is not None else 1.0
    except UserError as fault:
        raise UserError(f"speed: {fault.message}", "--speed") from None


def _journal(runs: Path, named: str) -> Path:
    """The journal's file: it, one in the folder, or one of the saved run of that name."""
    path = Path(named)
    if path.is_file():
        return path
    if (path / JOURNAL).is_file():
        return path / JOURNAL
    try:
        return find_run(runs, named).journal
    except UserError as fault:
        raise UserError(f"{named!r} is no journal; {fault.message}", fault.source) from None
