"""An engine made of objects: a network, tensors, an optimizer, a loss."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from torch import nn

from core import own_code
from core.config import STOP_CONDITIONS, RunConfig, configure
from core.errors import UserError
from core.library.engine import OwnEngine
from core.library.losses import name_of
from core.library.optimizers import choose
from core.naming import is_reference
from core.optimizers.table import HYPERPARAMETERS
from core.saving import journal
from core.saving.folder import JOURNAL, RunFolder
from core.saving.naming import OWN, with_own
from core.saving.plan import Plan

Folder = str | os.PathLike[str]


def engine(
    *,
    model: nn.Module | Callable[..., Any] | str = "simplenet",
    data: Any = "mnist",
    optimizer: Any = "sgd",
    loss: Callable[..., Any] | str = "auto",
    saving: Folder | None = None,
    resume: Folder | None = None,
    cache: Folder | None = None,
    **settings: Any,
) -> OwnEngine:
    """An engine for this network and data, which are given as they are, or by name.

    `model`: an nn.Module, of which every run trains a copy, and which has the trained weights in
    the end; or what makes one, called with those of `shape`, `classes` and `outputs` that it
    takes. `data`: tensors (x, y), which are split, or (x, y, test x, test y); a torch Dataset, or
    two; a file or folder. `optimizer`: one of torch.optim or your own, its class, or a callable
    that makes one of parameters. `loss`: takes outputs and targets, returns their mean.
    `settings` are those of `gd-tui run`, with underscores: batch_size=32, lr=0.1, device="cuda".

    Runs are saved below the folder `saving`, if one is given. `resume` is the folder of a saved
    run, or of several, of which the latest goes on, with the same objects.

    Raises UserError for what is not allowed.
    """
    objects = _Objects()
    try:
        given = objects.settings(model, data, optimizer, loss, settings)
        plan = Plan(Path(saving)) if saving is not None else None
        if resume is None:
            config = configure(given)
        else:
            plan, config = _going_on(Path(resume), given, settings)
    except BaseException:
        own_code.take_back(objects.names)
        raise
    for remark in objects.remarks:
        warnings.warn(f"gd-tui: {remark}", stacklevel=2)
    network = model if isinstance(model, nn.Module) else None
    place = Path(cache) if cache is not None else None
    return OwnEngine(config, network=network, given=objects.names, saving=plan, cache=place)


@dataclass
class _Objects:
    """What was given as objects, by the names that settings can hold."""

    names: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def settings(
        self, model: Any, data: Any, optimizer: Any, loss: Any, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        """All settings by name, as `configure` takes them."""
        given = dict(more)
        own_loss = None if isinstance(loss, str) else loss
        given["loss"] = loss if own_loss is None else name_of(own_loss) or "auto"
        if given["loss"] != "auto":
            own_loss = None
        given["model"] = self._model(model, own_loss)
        given["data"] = self._data(data)
        if isinstance(optimizer, str):
            return {**given, "optimizer": optimizer}
        rows = {name: value for name, value in more.items() if name in HYPERPARAMETERS}
        chosen = choose(optimizer, rows)
        self.remarks += chosen.remarks
        return {**chosen.values, **given, "optimizer": chosen.name}

    def _model(self, model: Any, loss: Any) -> str:
        if isinstance(model, nn.Module):
            if any(weight._backward_hooks for weight in model.parameters()):
                self.remarks.append(f"the hooks on weights of {type(model).__name__} are not kept")
            return self._give(type(model).__name__, _copies(model, loss))
        if isinstance(model, str):
            if loss is not None:
                raise UserError(
                    f"loss: to {model} give one by name; a loss of your own goes with a network "
                    "of your own",
                    setting="loss",
                )
            return model
        if not callable(model):
            raise UserError(
                f"model: {type(model).__name__} is not allowed: it must be an nn.Module, a "
                "callable that returns one, or a name",
                setting="model",
            )
        called = getattr(model, "__name__", type(model).__name__)
        name = called if called.isidentifier() else "network"  # of a lambda
        return self._give(name, model if loss is None else _with_loss(model, loss))

    def _data(self, data: Any) -> str:
        if isinstance(data, str | os.PathLike):
            return os.fspath(data)
        several = isinstance(data, tuple | list | Mapping)
        return self._give("tensors" if several else type(data).__name__, lambda: data)

    def _give(self, name: str, factory: Callable[..., Any]) -> str:
        self.names.append(own_code.give(name, factory))
        return self.names[-1]


def _copies(model: nn.Module, loss: Any) -> Callable[[], Any]:
    """A factory of copies of the network as it is now."""
    try:
        initial = copy.deepcopy(model)
    except Exception as fault:
        raise UserError(
            f"model: {type(model).__name__} cannot be copied ({own_code.blame(fault)}); give what "
            "makes it instead, such as its class",
            setting="model",
        ) from None
    if not all(parameter.is_leaf for parameter in initial.parameters()):
        raise UserError(
            f"model: a copy of {type(model).__name__} has no weights of its own, as one of "
            "torch.jit has not; give the network that it was made from",
            setting="model",
        )
    if not initial.training:  # it was just judged, say; what is frozen in part stays so
        initial.train()

    def factory() -> Any:
        model = copy.deepcopy(initial)
        return model if loss is None else (model, loss)

    return factory


def _with_loss(factory: Callable[..., Any], loss: Any) -> Callable[..., Any]:
    @wraps(factory)
    def both(**arguments: Any) -> Any:
        return factory(**arguments), loss

    return both


def _going_on(
    folder: Path, given: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[Plan, RunConfig]:
    """How the run in a folder goes on, and its settings."""
    for name in settings:
        if name not in STOP_CONDITIONS:
            raise UserError(
                f"{name}: a run that goes on has settings of its own; engine.change gives it others"
            )
    found = RunFolder(_run_in(folder))
    named = {name: given[name] for name in OWN if is_reference(given[name])}
    config = with_own(journal.read(found.journal)[0].config, named)
    found.acquire()
    plan = Plan(found.path.parent, resume=found, named=named, changes=dict(settings))
    return plan, config


def _run_in(folder: Path) -> Path:
    """The folder of the run that was saved there last."""
    if (folder / JOURNAL).exists():
        return folder
    runs = [path.parent for path in folder.glob(f"*/{JOURNAL}")]
    if not runs:
        raise UserError(f"resume: there is no saved run in {folder}")
    return max(runs, key=lambda path: ((path / JOURNAL).stat().st_mtime, path.name))
