"""Packages of the user's own that are called as ours are: everyone gets theirs.

Ours have the names `core` and `tui` in `sys.modules`. Where a project has packages of these names,
too, those are kept under other ones, and an `import` statement that is not ours leads there. Who
asks is known to `__import__` alone, so it is replaced, and only where there is such a package:
what is imported in any other way, as by `importlib.import_module("core")`, is ours.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import resolve_name, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = ("core", "tui")
_HOME = Path(__file__).resolve().parent.parent
_OUR_FILES = tuple(f"{_HOME / package}{os.sep}" for package in (*OURS, "gd_tui"))
_PREFIX = "_own_"
_usual = builtins.__import__


def set_aside(modules: Mapping[str, ModuleType]) -> None:
    """Keep modules of the user's that had our names, and any still to come, for the user."""
    for name, module in modules.items():
        sys.modules[_PREFIX + name] = module
    make_way()


def make_way() -> None:
    """Let the user's imports lead to the user's packages, if there are such of our names now."""
    if any(map(_exists, OURS)) and builtins.__import__ is not _import:
        sys.meta_path.append(_Finder())
        builtins.__import__ = _import


def name_of_own(module: str) -> str:
    """What the user's module of this dotted name is to be imported as. Ours have theirs."""
    return _PREFIX + module if _exists(module.partition(".")[0]) else module


def _exists(package: str) -> bool:
    """Whether there is a package or module of the user's that is called as ours."""
    return package in OURS and (_PREFIX + package in sys.modules or _find(package) is not None)


def _find(package: str) -> ModuleSpec | None:
    elsewhere = [place for place in sys.path if Path(place).resolve() != _HOME]
    found = PathFinder.find_spec(package, elsewhere)
    ours = str(_HOME / package)  # also found through links
    places = list(found.submodule_search_locations or []) if found else []
    return None if any(os.path.realpath(place) == ours for place in places) else found


class _Finder:
    """Finds the user's package under the name that it is kept under."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        package = name.removeprefix(_PREFIX)
        found = _find(package) if package in OURS and name != package else None
        if found is None:
            return None
        places = found.submodule_search_locations
        if found.origin is None:  # a folder without __init__.py
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = list(places or [])
            return spec
        return spec_from_file_location(
            name, found.origin, submodule_search_locations=list(places) if places else None
        )


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """`import` as it always was, but for our names in what is not ours."""
    asked_by = str((globals or {}).get("__file__", ""))
    if globals and "__name__" in globals and not asked_by.startswith(_OUR_FILES):
        if level and str(globals.get("__package__")).partition(".")[0] in OURS:
            name, level = resolve_name("." * level + name, globals["__package__"]), 0
        if level == 0 and _exists(name.partition(".")[0]):
            name = _PREFIX + name
    return _usual(name, globals, locals, fromlist or (), level)
