"""From which layer click took the value of an option, and how to name the place it stood."""

from __future__ import annotations

import click

from tui.cli.config_file import ConfigFile
from tui.cli.layers import Layer

ENVIRONMENT = "GD_TUI_"
_CONFIG_FILE = "config file"  # where the contexts' `meta` keeps the file in use
_LAYERS = {"COMMANDLINE": Layer.FLAG, "ENVIRONMENT": Layer.ENVIRONMENT, "DEFAULT_MAP": Layer.FILE}


def lay_under(ctx: click.Context, file: ConfigFile) -> None:
    """Let the values of `file` stand for what a command is not given otherwise."""
    ctx.meta[_CONFIG_FILE] = file
    ctx.default_map = dict(file.values)


def config_file(ctx: click.Context) -> ConfigFile:
    """The config file that a command goes by."""
    file: ConfigFile = ctx.meta[_CONFIG_FILE]
    return file


def layer(ctx: click.Context, name: str) -> Layer:
    """The layer that gave the option called `name` its value."""
    origin = ctx.get_parameter_source(name)
    return _LAYERS.get(origin.name, Layer.DEFAULT) if origin else Layer.DEFAULT


def place(ctx: click.Context, option: click.Parameter, value: object) -> str:
    """Where the `value` of an option that was given was read: "--lr", "run.toml, line 3"."""
    match layer(ctx, option.name):
        case Layer.FLAG:
            return option.secondary_opts[0] if value is False else option.opts[0]
        case Layer.ENVIRONMENT:
            return f"environment variable {option.envvar}"
        case _:
            return config_file(ctx).source(option.name)
