"""The one line on standard error that says what went wrong."""

from __future__ import annotations

import sys

import click

from core.errors import UserError, did_you_mean

PROGRAM = "gd-tui"


def complain(text: str) -> None:
    """Print one line; what a terminal might obey, such as an escape, is spelled out."""
    print(f"{PROGRAM}: {harmless(text)}", file=sys.stderr, flush=True)


def harmless(text: str) -> str:
    """The text with every character that does not print written as its escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def said(fault: UserError | click.ClickException) -> str:
    """What a fault on the command line says, in one line: wrong, allowed, where it was read."""
    match fault:
        case click.NoSuchOption(option_name=name):
            near = did_you_mean(name, fault.possibilities or ())
            where = f"{PROGRAM} --help lists what there is"
            return f"{name!r}: there is no such option{near}; {where} (from the command line)"
        case click.BadOptionUsage(option_name=name):
            return f"{fault.message.rstrip('.')} (from {name})"
        case click.ClickException():
            text = " ".join(fault.format_message().split()).rstrip(".")
            return f"{text} (from the command line)"
        case _:
            return str(fault)
