"""Which optimizers and activations the kernels know, and the numbers that stand for them.

Imports no numba, so that it can be asked where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LINEAR, RELU, TANH, SIGMOID = range(4)
SGD, ADAGRAD, RMSPROP, ADAM = range(4)


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimizer that the kernels know.

    `memories` are the keys of torch's state that the rule uses, in its order; `pack` makes the
    rule's hyperparameters from the optimizer's values.
    """

    code: int
    memories: tuple[str, ...]
    pack: Callable[[Mapping[str, Any]], tuple[float, ...]]
    counts: bool = True  # whether torch keeps a count of updates in the state


def _sgd(v: Mapping[str, Any]) -> tuple[float, ...]:
    return v["lr"], v["momentum"], v["dampening"], v["weight_decay"], v["nesterov"]


def _adagrad(v: Mapping[str, Any]) -> tuple[float, ...]:
    return v["lr"], v["lr_decay"], v["weight_decay"], v["eps"]


def _rmsprop(v: Mapping[str, Any]) -> tuple[float, ...]:
    return v["lr"], v["alpha"], v["eps"], v["weight_decay"], v["momentum"], v["centered"]


def _adam(v: Mapping[str, Any], decoupled: bool = False) -> tuple[float, ...]:
    betas = v["beta1"], v["beta2"]
    return v["lr"], *betas, v["eps"], v["weight_decay"], v["amsgrad"], decoupled


def _adamw(v: Mapping[str, Any]) -> tuple[float, ...]:
    return _adam(v, decoupled=True)


_ADAM_MEMORIES = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

RULES = {
    "sgd": Rule(SGD, ("momentum_buffer",), _sgd, counts=False),
    "adagrad": Rule(ADAGRAD, ("sum",), _adagrad),
    "rmsprop": Rule(RMSPROP, ("square_avg", "momentum_buffer", "grad_avg"), _rmsprop),
    "adam": Rule(ADAM, _ADAM_MEMORIES, _adam),
    "adamw": Rule(ADAM, _ADAM_MEMORIES, _adamw),
}
