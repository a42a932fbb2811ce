"""The config file: a TOML table of settings, each key checked and known by its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import UserError, did_you_mean
from core.settings import Setting


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a config file says: `values` by setting name, as TOML has them, each one allowed.

    `path` need not exist when nobody asked for it; then `values` is empty.
    """

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def source(self, name: str) -> str:
        """Where `name` stands: "config.toml, line 3"; its key where the line cannot be told."""
        return f"{self.path}, " + (f"line {self.lines[name]}" if name in self.lines else name)


def read(path: Path, known: Mapping[str, Setting], *, must_exist: bool) -> ConfigFile:
    """The settings in the file at `path`; of one that need not exist and does not, none.

    Raises UserError: with path and line for what the file says, without a source if it cannot
    be read at all, for then whoever named it is to blame.
    """
    text = _text(path, must_exist)
    if not text:
        return ConfigFile(path)
    import tomllib  # only now: the first frame waits for all that stands above

    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        why = str(fault) or "nested too deeply"
        raise UserError(f"the config file is not valid TOML: {why}", str(path)) from None
    values = {key.replace("-", "_"): value for key, value in table.items()}
    file = ConfigFile(path, values, {name: line for name in values if (line := _line(text, name))})
    for name, value in values.items():
        _check(name, value, known, file.source(name))
    return file


def _text(path: Path, must_exist: bool) -> str:
    try:
        if not must_exist and not path.exists():
            return ""
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError("the config file is not UTF-8 text", str(path)) from None
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
        raise UserError(f"config file: {str(path)!r} cannot be read: {why}") from None


def _line(text: str, name: str) -> int | None:
    """The line on which the key `name` stands, counted from 1."""
    key = re.compile(rf"""\s*\[*\s*["']?{re.escape(name).replace("_", "[-_]")}["']?\s*[]=.]""")
    for number, line in enumerate(text.splitlines(), 1):
        if key.match(line):
            return number
    return None


def _check(name: str, value: object, known: Mapping[str, Setting], source: str) -> None:
    if name not in known:
        hint = did_you_mean(name, known) or "; gd-tui config lists them"
        raise UserError(f"{name!r}: there is no such setting{hint}", source)
    try:
        known[name].parse(value)
    except UserError as fault:
        raise fault.at(source) from None
