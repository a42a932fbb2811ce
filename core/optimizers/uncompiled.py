"""torch's optimizers without torch's compiler, whose import would take a second or two.

torch wraps what an optimizer does in calls to its compiler, which tell it to keep out. Nothing is
compiled here; so what is wrapped is called directly, as far as torch lets it be found.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer


def make(name: str, parameters: Iterable[nn.Parameter], **options: Any) -> Optimizer:
    """The optimizer that torch calls `name`, with these `options`, else with its defaults.

    In its fused form, where this torch has one here: that is the fastest, by a quarter for Adam.
    """
    _keep_the_compiler_out()
    cls: type[Optimizer] = getattr(torch.optim, name)
    parameters = list(parameters)
    if _is_fused(name, {parameter.device.type for parameter in parameters}):
        options["fused"] = True
    return cls(parameters, **options)


def _is_fused(name: str, kinds: Iterable[str]) -> bool:
    """Whether torch can carry out all of a step at once on devices of these kinds.

    Its optimizers would take the word for it, and fail in their first step.
    """
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    try:
        return all(has(f"aten::_fused_{name.lower()}_", kind.upper()) for kind in kinds)
    except RuntimeError:  # there is no such operation, or no such device
        return False


@torch.no_grad()
def step(optimizer: Optimizer) -> None:
    """torch's own step; hooks on it, of which there are none here, are not called."""
    inspect.unwrap(type(optimizer).step)(optimizer)


def _keep_the_compiler_out() -> None:
    """Leave what torch looks for before it imports its compiler: a form of each method that the
    compiler does not touch. Where torch looks elsewhere, it imports it, and is right all the same.
    """
    for method in vars(Optimizer).values():
        if inspect.isfunction(method) and (inside := getattr(method, "__wrapped__", None)):
            inside.__dict__.setdefault("__dynamo_disable", inside)
