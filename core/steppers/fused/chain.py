"""Which models are a chain of linear layers, and what it looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.steppers.fused.rules import LINEAR, RELU, SIGMOID, TANH

_KINDS: dict[type[nn.Module], int] = {nn.ReLU: RELU, nn.Tanh: TANH, nn.Sigmoid: SIGMOID}


_OURS = "core.models."  # where our networks are


@dataclass(frozen=True, slots=True)
class Chain:
    """Linear layers of `widths` (layers + 1,), and what follows each: `kinds` (layers,)."""

    widths: NDArray[np.int64]
    kinds: NDArray[np.int64]


def chain_of(model: nn.Module) -> Chain | None:
    """The chain that a model computes, or None if it is none that the kernels know.

    An nn.Sequential is one of its modules; ours say so by a method `chain`, which returns their
    modules in the order in which they are applied. What the user derived from either may do
    something else.
    """
    if type(model) is nn.Sequential:
        modules: list[nn.Module] = [*model]
    elif type(model).__module__.startswith(_OURS):
        modules = [*cast(Callable[[], Iterable[nn.Module]], getattr(model, "chain", list))()]
    else:
        return None
    if len({id(module) for module in modules}) < len(modules):
        return None  # a module that is applied twice has its weights once
    widths: list[int] = []
    kinds: list[int] = []
    for module in modules:
        if isinstance(module, nn.Flatten | nn.Identity) and not widths:
            continue
        if type(module) is nn.Linear and _plain(module):
            widths += [module.out_features] if widths else [module.in_features, module.out_features]
            kinds.append(LINEAR)
        elif type(module) in _KINDS and kinds and kinds[-1] == LINEAR:
            kinds[-1] = _KINDS[type(module)]
        else:
            return None
    if not kinds or kinds[-1] != LINEAR:
        return None
    return Chain(np.array(widths), np.array(kinds))


def _plain(layer: nn.Linear) -> bool:
    """Whether all of it is trained, and is what the kernels can write."""
    parameters = [*layer.parameters()]
    trained = all(p.requires_grad and p.dtype == torch.float32 for p in parameters)
    return len(parameters) == 2 and trained and layer.weight.device.type == "cpu"
