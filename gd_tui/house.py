"""Sees to it that `core` and `tui` are this project's, whatever else goes by these names.

A project folder on PYTHONPATH may have packages of these names, and a script may have imported
them before. Ours are found beside this file; whatever imports a part of them then finds it in
them. The others stay reachable for everyone else: see `core.own_imports`.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

_HOME = Path(__file__).resolve().parent.parent
_PACKAGES = ("core", "tui")


def move_in() -> None:
    """Import our packages by their names, and let those that had these names make way."""
    foreign: dict[str, ModuleType] = {}
    for package in _PACKAGES:
        if not _is_ours(package):
            foreign |= _take_away(package)
            _import_ours(package)

    from core import own_imports

    own_imports.set_aside(foreign)


def _is_ours(package: str) -> bool:
    found = sys.modules.get(package)
    return found is not None and [*found.__path__] == [str(_HOME / package)]


def _take_away(package: str) -> dict[str, ModuleType]:
    """What was imported of another package of this name, by its names; they are free then."""
    names = [name for name in sys.modules if name.partition(".")[0] == package]
    return {name: sys.modules.pop(name) for name in names}


def _import_ours(package: str) -> None:
    folder = _HOME / package
    spec = spec_from_file_location(
        package, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[package] = module
    spec.loader.exec_module(module)
