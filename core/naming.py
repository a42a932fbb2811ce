"""How networks and data are named: by the tables, or as the user's own code and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError, did_you_mean
from core.settings import refuse

_CALLABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")  # dotted names, as Python has them


SCRIPT = "script"  # the module in which what a script gave as an object seems to be


def is_reference(name: str) -> bool:
    """Whether it names a callable: "package.module:factory", "path/to/file.py:factory"."""
    module, colon, factory = name.rpartition(":")
    named = bool(colon and _CALLABLE.fullmatch(factory))
    return named and (module.endswith(".py") or bool(_CALLABLE.fullmatch(module)))


def absolute(name: str) -> str:
    """The same reference, its file named so that it is found from any folder."""
    module, _, factory = name.rpartition(":")
    return f"{_resolved(module)}:{factory}" if module.endswith(".py") else name


def _resolved(path: str) -> str:
    return str(Path(path).expanduser().resolve())


@dataclass(frozen=True, slots=True)
class ModelName:
    """A network of the table, or a callable that returns one."""

    table: Mapping[str, object]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table)

    @property
    def allowed(self) -> str:
        return (
            f"one of {', '.join(self.table)}, or a callable of your own that returns an "
            "nn.Module, as package.module:factory or path/to/file.py:factory"
        )

    def parse(self, text: object) -> str:
        given = str(text).strip()
        name = given.lower().replace("_", "-")
        if name in self.table:
            return name
        if given in self.table:
            return given
        if is_reference(given):
            return absolute(given)
        raise UserError(f"{refuse(text, self.allowed)}{did_you_mean(name, self.table)}")

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class DataName:
    """A data set of the table, a file or folder, or a callable that returns one."""

    table: Mapping[str, object]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table)

    @property
    def allowed(self) -> str:
        return (
            f"one of {', '.join(self.table)}, a folder of images, a file (.npz, .npy, .pt, "
            ".safetensors, .csv, .parquet), or a callable of your own, as module:factory"
        )

    def parse(self, text: object) -> str:
        given = str(text).strip()
        name = given.lower().replace("_", "-")
        if name in self.table:
            return name
        if given in self.table:
            return given
        if is_reference(given):
            return absolute(given)
        if given and "\0" not in given and (Path(given).suffix or "/" in given or "\\" in given):
            return _resolved(given)
        if given and "\0" not in given and Path(given).exists():
            return _resolved(given)
        raise UserError(f"{refuse(text, self.allowed)}{did_you_mean(name, self.table)}")

    def write(self, value: str) -> str:
        return value
