"""The user's own code: found by its name, called, and blamed by its own line.

It is imported only where the user named it; nothing that was saved names anything by itself. What
a script gives as an object goes by a name, too: settings are text.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from core import own_imports
from core.errors import UserError, did_you_mean
from core.naming import SCRIPT

_OURS = Path(__file__).resolve().parent.parent
_OUR_PACKAGES = ("core", "tui", "gd_tui")
_MOST_SAID = 400  # characters of a fault
_ANYTHING = inspect.Parameter("arguments", inspect.Parameter.VAR_KEYWORD)
_GIVEN_BY = {"model": " (--model-arg NAME=VALUE)", "data": ", but it is given none"}

_given: dict[str, Callable[..., Any]] = {}


def give(name: str, factory: Callable[..., Any]) -> str:
    """The reference by which `load` finds a factory that was given as it is: "script:Net"."""
    stem, number = re.sub(r"\W", "_", name).strip("_") or "own", 1
    reference = f"{SCRIPT}:{stem}"
    while reference in _given:
        number += 1
        reference = f"{SCRIPT}:{stem}_{number}"
    _given[reference] = factory
    return reference


def take_back(references: Iterable[str]) -> None:
    """Know what was given by these names no longer."""
    for reference in references:
        _given.pop(reference, None)


def load(reference: str, setting: str) -> Callable[..., Any]:
    """The callable that `reference` names: "package.module:factory", "file.py:factory".

    Raises UserError, blaming `setting`, if it cannot be imported or is none.
    """
    if reference in _given:
        return _given[reference]
    name, _, attribute = reference.rpartition(":")
    if name.endswith(".py") and not Path(name).is_file():
        raise UserError(f"{setting}: there is no file {name}", setting=setting)
    with _torch_as_it_was(name, setting):
        try:
            module = _from_file(Path(name)) if name.endswith(".py") else _by_name(name)
        except BaseException as fault:
            if not is_fault(fault):
                raise
            raise UserError(
                f"{setting}: {name} cannot be imported: {blame(fault)}", setting=setting
            ) from fault
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = did_you_mean(part, (n for n in vars(found) if not n.startswith("_")))
            raise UserError(
                f"{setting}: there is no {attribute} in {name}{near}", setting=setting
            ) from None
    if not callable(found):
        raise UserError(
            f"{setting}: {attribute} in {name} is {type(found).__name__}, which cannot be called",
            setting=setting,
        )
    return found  # type: ignore[no-any-return]


def arguments(given: Sequence[str]) -> dict[str, Any]:
    """The values of "name=value" texts: what Python reads as a literal, else the text itself."""
    values: dict[str, Any] = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            values[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            values[name] = value
    return values


def call(
    factory: Callable[..., Any],
    given: Mapping[str, Any],
    offered: Mapping[str, Any],
    what: str,
    setting: str,
) -> Any:
    """What the user's factory returns for these arguments, and of those `offered` what it takes.

    Raises UserError, with the user's own line, if it raises, does not take what it is given, or
    changes what holds for all of torch; `what` is how it is called there.
    """
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):  # of a builtin, say
        signature = inspect.Signature([_ANYTHING])
    takes = signature.parameters
    known = {k: v for k, v in offered.items() if k in takes and k not in given}
    try:
        signature.bind(**known, **given)
    except TypeError as fault:
        named = ", ".join(takes) or "none"
        raise UserError(
            f"{setting}: {what} cannot be called: {fault}; its arguments are {named}"
            f"{_GIVEN_BY.get(setting, '')}",
            setting=setting,
        ) from fault
    with _torch_as_it_was(what, setting):
        try:
            return factory(**known, **given)
        except BaseException as fault:
            if not is_fault(fault):
                raise
            raise UserError(f"{setting}: {what} failed: {blame(fault)}", setting=setting) from fault


def is_fault(raised: BaseException) -> bool:
    """Whether the user's code failed: it did not if somebody pressed Ctrl-C, told to one thread."""
    by_hand = threading.current_thread() is threading.main_thread()
    return not (isinstance(raised, KeyboardInterrupt) and by_hand)


@contextmanager
def _torch_as_it_was(what: str, setting: str) -> Iterator[None]:
    """Raise UserError if what is done here changes what holds for all of torch, and undo that."""
    dtype, device, gradients = _usual()
    try:
        yield
        changed = [
            f"{name} to {now}, which is to stay {before}"
            for name, now, before in zip(
                ("dtype", "device", "gradients"), _usual(), (dtype, device, gradients), strict=True
            )
            if now != before
        ]
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)
    if changed:
        raise UserError(
            f"{setting}: {what} sets torch's default {' and '.join(changed)}", setting=setting
        )


def _usual() -> tuple[torch.dtype, torch.device, bool]:
    """What torch makes tensors of and where, and whether it computes gradients."""
    return torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()


def blame(fault: BaseException) -> str:
    """The fault in one line, with the latest line of the user's own code: "net.py, line 7: ..."."""
    said = " ".join(str(fault).split())[:_MOST_SAID]
    told = f"{type(fault).__name__}: {said}" if said else type(fault).__name__
    if isinstance(fault, SyntaxError) and fault.filename:
        return f"{fault.filename}, line {fault.lineno}: {type(fault).__name__}: {fault.msg}"
    places = [f for f in traceback.extract_tb(fault.__traceback__) if _is_own(f.filename)]
    return f"{places[-1].filename}, line {places[-1].lineno}: {told}" if places else told


def _is_own(filename: str) -> bool:
    """Whether a file is the user's: not ours, nor Python's, nor that of an installed package."""
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    ours = any(path.is_relative_to(_OURS / package) for package in _OUR_PACKAGES)
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    return not (ours or installed or path.is_relative_to(Path(inspect.__file__).parent))


@cache
def _from_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_gd_tui_own_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as dataclasses and pickle expect
    with _first_in_line(path.parent):
        spec.loader.exec_module(module)
    return module


def _by_name(name: str) -> ModuleType:
    with _first_in_line(Path.cwd()):
        return importlib.import_module(own_imports.name_of_own(name))


@contextmanager
def _first_in_line(folder: Path) -> Iterator[None]:
    """Let imports look into the folder first, as those of a script there do; later, last."""
    place = str(folder)
    sys.path.insert(0, place)
    own_imports.make_way()
    try:
        yield
    finally:
        sys.path.remove(place)
        if place not in sys.path:
            sys.path.append(place)
