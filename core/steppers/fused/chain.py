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


@dataclass(frozen=True, slots=True)
class Chain:
    """Linear layers of `widths` (layers + 1,), and what follows each: `kinds` (layers,)."""

    widths: NDArray[np.int64]
    kinds: NDArray[np.int64]


def chain_of(model: nn.Module) -> Chain | None:
    """The chain that a model computes, or None if it is none that the kernels know.

    A model says so by being an nn.Sequential, or by a method `chain` that returns its modules
    in the order in which they are applied.
    """
    if isinstance(model, nn.Sequential):
        modules: Iterable[nn.Module] = model
    elif hasattr(model, "chain"):
        modules = cast(Callable[[], Iterable[nn.Module]], model.chain)()
    else:
        return None
    widths: list[int] = []
    kinds: list[int] = []
    for module in modules:
        if isinstance(module, nn.Flatten | nn.Identity) and not widths:
            continue
        if isinstance(module, nn.Linear) and _plain(module):
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
    on_cpu = layer.weight.device.type == "cpu"
    return layer.bias is not None and layer.weight.dtype == torch.float32 and on_cpu
