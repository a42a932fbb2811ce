"""The command `gd-tui race`: reads what was given, then races without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from core.errors import UserError
from tui.cli.entrants import entrants
from tui.cli.given import ConfigOption, given
from tui.cli.help import SectionedCommand
from tui.cli.layers import Given, blamed
from tui.cli.options import CSV, JSON, RACE, SettingOption, race_options, racer_options

if TYPE_CHECKING:
    from tui.headless.racing import Form

_OUTPUT = "The output"
_FORMS: tuple[Form, ...] = ("json", "csv")


@click.command(
    "race",
    cls=SectionedCommand,
    params=[
        *race_options(),
        *racer_options(),
        SettingOption(JSON, _OUTPUT),
        SettingOption(CSV, _OUTPUT),
        ConfigOption(),
    ],
)
@click.pass_context
def race(ctx: click.Context, /, **_: object) -> int:
    """Race runs from the same weights and order of examples, on an equal budget, without a screen.

    Lists make the lanes: one for every combination, up to eight. Of the batch sizes, only
    mini-batch takes each. With several seeds, the table ends with mean and spread.

    A lane that diverges is a result. Exit status: 0 done, 1 a run failed or all of them diverged,
    2 bad usage, 130 interrupted.
    """
    values = given(ctx)
    form = _form(values)
    base, lanes = entrants(values)
    budget, seeds = (
        values[name].value if name in values else RACE[name].default for name in ("budget", "seeds")
    )
    try:
        base.changed("seed", base.seed + seeds - 1)
    except UserError as fault:
        raise blamed(fault, {"seed": values["seeds"]}) from None
    from core.engine import Engine
    from tui.headless import racing

    plan = racing.Plan(base, lanes, budget, seeds)
    try:
        return racing.run(Engine, plan, form)
    except UserError as fault:
        raise blamed(fault, values) from fault


def _form(values: Mapping[str, Given]) -> Form:
    """What is printed; of two wishes the one of the higher layer. Raises UserError for a tie."""
    asked: list[Form] = [n for n in _FORMS if n in values and values[n].value]
    if not asked:
        return "table"
    if len(asked) == 2 and values["json"].layer == values["csv"].layer:
        raise UserError("csv: only one of --json and --csv can be printed", values["csv"].source)
    return max(asked, key=lambda name: values[name].layer)
