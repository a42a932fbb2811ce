"""All that was given to a command: its flags, the environment, and the config file under them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from core.errors import UserError
from tui.cli.config_file import ConfigFile, read
from tui.cli.layers import Given, Layer
from tui.cli.options import KNOWN, SettingOption
from tui.cli.sources import ENVIRONMENT, lay_under, layer, place

_FAULT = "config fault"  # where the contexts' `meta` keeps what is wrong with the config file


class ConfigOption(click.Option):
    """`--config`: lays the values of a config file under all other options of its command.

    What is wrong with the file is not raised here but by `given`, so that neither `--help` nor
    another file named later has to suffer for it.
    """

    def __init__(self) -> None:
        super().__init__(
            ["--config"],
            envvar=ENVIRONMENT + "CONFIG",
            metavar="FILE",
            is_eager=True,
            callback=_lay_config_file,
            help="Read settings from this TOML file, not from the one in your config directory.",
            shell_complete=lambda _ctx, _param, begun: [CompletionItem(begun, type="file")],
        )


def _lay_config_file(ctx: click.Context, option: click.Parameter, name: str | None) -> str | None:
    naming = _naming_context(ctx, option)
    name = naming.params[option.name] if naming is not ctx else name
    path = Path(name) if name else default_path()
    file, ctx.meta[_FAULT] = ConfigFile(path), None
    try:
        file = read(path, KNOWN, must_exist=bool(name))
    except UserError as fault:
        named_by = place(naming, option, name) if name else str(path)
        ctx.meta[_FAULT] = fault if fault.source else fault.at(named_by)
    lay_under(ctx, file)
    return name


def _naming_context(ctx: click.Context, option: click.Parameter) -> click.Context:
    """The one whose config file counts: a flag before the subcommand beats the environment."""
    above = ctx.parent
    if above is None or layer(ctx, option.name) is Layer.FLAG:
        return ctx
    return above if layer(above, option.name) is Layer.FLAG else ctx


def default_path() -> Path:
    """Where the config file is looked for when none is named."""
    from platformdirs import user_config_path

    return user_config_path("gd-tui", appauthor=False) / "config.toml"


def given(ctx: click.Context) -> dict[str, Given]:
    """All that was given to a command, by setting; flags before a subcommand count too.

    Raises UserError if the config file is at fault.
    """
    if ctx.meta[_FAULT]:
        raise ctx.meta[_FAULT]
    found = dict(_given_to(ctx))
    for name, each in _given_to(ctx.parent) if ctx.parent else ():
        # The environment was read for the command itself; the file is the one that it named.
        if each.layer is Layer.FLAG and (name not in found or found[name].layer < Layer.FLAG):
            found[name] = each
    return found


def _given_to(ctx: click.Context) -> Iterator[tuple[str, Given]]:
    for option in ctx.command.params:
        if isinstance(option, SettingOption) and (found_in := layer(ctx, option.name)):
            value = ctx.params[option.name]
            yield option.name, Given(value, found_in, place(ctx, option, value))
