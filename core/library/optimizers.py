"""An optimizer that was given as an object, as a row of the table and its values.

Those of torch.optim are recognised. Another one becomes a row of its own, whose hyperparameters
are those of its defaults that have a meaning here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from core.errors import UserError
from core.optimizers import groups
from core.optimizers.table import HYPERPARAMETERS, OPTIMIZERS, OptimizerSpec
from core.own_code import blame

Make = Callable[[Iterable[nn.Parameter]], Optimizer]

_LIVE = ("lr", "momentum", "beta1", "beta2", "weight_decay", "eps")  # of one that is not known
_SETTING = "optimizer"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The name of a row, values of its hyperparameters, and what was given that is not kept."""

    name: str
    values: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


def choose(given: object, values: Mapping[str, Any]) -> Chosen:
    """The row for an optimizer, its class, or a callable that makes one of parameters.

    `values` are the hyperparameters that were given by name. Raises UserError for what is none of
    these, or cannot train here.
    """
    if isinstance(given, Optimizer):
        return _chosen(given, _made_like(given), _remarks(given))
    if isinstance(given, type) and issubclass(given, Optimizer):
        known = _known(given)
        if known:
            return Chosen(known.name, {})
        takes = inspect.signature(given).parameters
        own = {name: value for name, value in values.items() if name in takes}
        return _made_by(lambda parameters: given(parameters, **own))
    if callable(given):
        return _made_by(given)
    raise UserError(
        f"optimizer: {type(given).__name__} is not allowed: it must be a name, an optimizer, its "
        "class, or a callable that makes one of parameters",
        setting=_SETTING,
    )


def row_of(optimizer: Optimizer) -> OptimizerSpec:
    """The row of the table for such an optimizer; one that is not there is made, not added."""
    return _known(type(optimizer)) or _own(optimizer, None)


def values_of(optimizer: Optimizer, spec: OptimizerSpec) -> dict[str, Any]:
    """The hyperparameters as the optimizer's first group has them."""
    group = optimizer.param_groups[0]
    rows = (row for row in spec.hyperparameters if groups.has(group, row))
    return {row.name: groups.read(group, row) for row in rows}


def _known(cls: type) -> OptimizerSpec | None:
    for spec in OPTIMIZERS.values():
        if not spec.own and getattr(torch.optim, spec.torch_name, None) is cls:
            return spec
    return None


def _made_by(make: Make) -> Chosen:
    try:
        return _chosen(make([nn.Parameter(torch.zeros(2, 2))]), make, ())
    except UserError:
        raise
    except Exception as fault:
        raise UserError(f"optimizer: it cannot be made: {blame(fault)}", setting=_SETTING) from None


def _chosen(like: Optimizer, make: Make, remarks: tuple[str, ...]) -> Chosen:
    if not isinstance(like, Optimizer):
        raise UserError(
            f"optimizer: what was given makes {type(like).__name__}, which is no optimizer of "
            "torch's kind",
            setting=_SETTING,
        )
    spec = _known(type(like))
    if spec is None:
        spec = _own(like, make)
        _check(like)
        OPTIMIZERS[spec.name] = spec
    return Chosen(spec.name, values_of(like, spec), remarks)


def _own(like: Optimizer, make: Make | None) -> OptimizerSpec:
    name, group = type(like).__name__, like.param_groups[0]
    rows = tuple(
        replace(HYPERPARAMETERS[each], default=groups.read(group, HYPERPARAMETERS[each]))
        for each in _LIVE
        if groups.has(group, HYPERPARAMETERS[each])
    )
    return OptimizerSpec(name, name, rows, (), "an optimizer of your own", make)


def _check(like: Optimizer) -> None:
    name = type(like).__name__
    if "lr" not in like.param_groups[0]:
        raise UserError(f"optimizer: {name} has no learning rate lr", setting=_SETTING)
    closure = inspect.signature(type(like).step).parameters.get("closure")
    if closure and closure.default is closure.empty:
        raise UserError(
            f"optimizer: {name} wants a closure that computes the loss again and again, which "
            "gd-tui has not",
            setting=_SETTING,
        )


def _made_like(given: Optimizer) -> Make:
    """How to make another one with the settings of this one."""
    cls, group = type(given), given.param_groups[0]
    takes = inspect.signature(cls).parameters
    settings = {name: group[name] for name in given.defaults if name in group and name in takes}

    def make(parameters: Iterable[nn.Parameter]) -> Optimizer:
        try:
            return cls(parameters, **settings)
        except Exception as fault:
            raise UserError(
                f"optimizer: {cls.__name__} cannot be made again from its settings "
                f"({blame(fault)}); give a callable that makes it of parameters",
                setting=_SETTING,
            ) from None

    if _known(cls) is None:
        make([nn.Parameter(torch.zeros(2, 2))])
    return make


def _remarks(given: Optimizer) -> tuple[str, ...]:
    """What is not kept of an optimizer that was given, a line each."""
    name, all_groups = type(given).__name__, given.param_groups
    first = {key: value for key, value in all_groups[0].items() if key != "params"}
    told = []
    if any({**group, "params": ()} != {**first, "params": ()} for group in all_groups[1:]):
        told.append(
            f"the {len(all_groups)} parameter groups of {name} differ: all weights are trained "
            f"with the settings of the first (learning rate {float(first['lr']):g})"
        )
    if given.state:
        told.append(f"what {name} remembers of earlier updates is not taken over")
    if first.get("maximize"):
        told.append(f"{name} was to maximise; gd-tui makes the loss small")
    return tuple(told)
