"""Which optimizers there are, and which hyperparameters each has.

This table feeds the panel, the command line and the checks; a script may add its own. It imports
no torch, so that `gd-tui --help` answers at once. Defaults are those of torch.optim, but for
SGD's learning rate, which is the chapter's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from core.errors import UserError
from core.settings import Flag, Number, Setting


class Scale(Enum):
    """Along which scale a nudge moves a value."""

    DECADE = "a tenth of a decade"
    COMPLEMENT = "a tenth of a decade of what is missing to 1"
    SWITCH = "on or off"


@dataclass(frozen=True, slots=True)
class Hyperparameter(Setting):
    """A number or flag in an optimizer's parameter groups.

    `group_key` is its place there when that differs from its name: ("betas", 0) is the first
    of the pair `betas`. `least` is the smallest value other than zero that a nudge reaches.
    """

    scale: Scale = Scale.DECADE
    group_key: tuple[str, int] | None = None
    least: float = 1e-8

    def nudged(self, value: Any, direction: int) -> Any:
        """The next value up (+1) or down (-1); the same one at the end of the range."""
        match self.scale:
            case Scale.SWITCH:
                return direction > 0
            case Scale.DECADE:
                moved = self._along_decades(value, direction)
            case Scale.COMPLEMENT:
                moved = round(1 - _next_on_decades(1 - value, -direction), 10)
        try:
            return self.kind.parse(moved)
        except UserError:
            return value

    def _along_decades(self, value: float, direction: int) -> float:
        if value < self.least:
            return self.least if direction > 0 else 0.0
        moved = _next_on_decades(value, direction)
        return moved if moved >= self.least * 0.999 else 0.0


def _next_on_decades(value: float, direction: int) -> float:
    """The neighbour of `value` on the grid of ten steps per decade, to three figures."""
    steps = 10 * math.log10(value)
    nearest = round(steps)
    if math.isclose(_rounded(10 ** (nearest / 10), 3), value, rel_tol=1e-6):
        steps = nearest
    index = math.floor(steps) + 1 if direction > 0 else math.ceil(steps) - 1
    return _rounded(10 ** (index / 10), 3)


def _rounded(value: float, figures: int) -> float:
    return float(f"{value:.{figures}g}")


@dataclass(frozen=True, slots=True)
class Memory:
    """What an optimizer remembers of each weight from update to update.

    `key` is its name in torch's optimizer state. Two optimizers can hand on to each other what
    has the same `meaning`. With a `switch`, it is kept only while that hyperparameter is not
    zero; `anew` says whether torch makes it by itself when it is missing.
    """

    key: str
    meaning: str
    switch: str = ""
    anew: bool = False


@dataclass(frozen=True, slots=True)
class OptimizerSpec:
    """An optimizer: its name here, its class in torch.optim, what can be set, what it keeps.

    One that a script added is made by `own` of the parameters; what it keeps is not known.
    """

    name: str
    torch_name: str
    hyperparameters: tuple[Hyperparameter, ...]
    memories: tuple[Memory, ...]
    meaning: str
    own: Callable[[Iterable[Any]], Any] | None = None

    def hyperparameter(self, name: str) -> Hyperparameter:
        """The row called `name`; a UserError says which rows there are."""
        for row in self.hyperparameters:
            if row.name == name:
                return row
        has = ", ".join(row.name for row in self.hyperparameters)
        raise UserError(
            f"{name}: {self.torch_name} has no such hyperparameter; it has {has}", setting=name
        )

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every hyperparameter's value: the one given, checked, or the default."""
        for name in given:
            self.hyperparameter(name)
        values = {
            row.name: row.parse(given[row.name]) if row.name in given else row.default
            for row in self.hyperparameters
        }
        self.check(values)
        return values

    def check(self, values: Mapping[str, Any]) -> None:
        """Refuse what no single value shows to be wrong: torch's own conditions on pairs."""
        plain_momentum = values.get("momentum", 0) > 0 and values.get("dampening", 0) == 0
        if values.get("nesterov") and not plain_momentum:
            raise UserError(
                "Nesterov needs a momentum above 0 and a dampening of 0", setting="nesterov"
            )


def _rate(default: float) -> Hyperparameter:
    return Hyperparameter(
        "lr",
        Number(0, 1000, open_low=True),
        default,
        "how far one update goes along the direction that the optimizer chose",
        label="learning rate",
    )


def _decay(default: float, meaning: str = "pulls every weight towards zero") -> Hyperparameter:
    return Hyperparameter("weight_decay", Number(0, 10), default, meaning, least=1e-6)


def _eps(default: float) -> Hyperparameter:
    return Hyperparameter(
        "eps",
        Number(0, 1, open_low=True),
        default,
        "keeps the division by a small spread finite",
        label="epsilon",
        least=1e-16,
    )


def _share(name: str, default: float, meaning: str, label: str = "") -> Hyperparameter:
    """A share of the past that is kept at each update: from 0 to below 1."""
    kind = Number(0, 1, open_high=True)
    return Hyperparameter(name, kind, default, meaning, label=label, scale=Scale.COMPLEMENT)


def _beta(index: int, default: float, of_what: str) -> Hyperparameter:
    return Hyperparameter(
        f"beta{index + 1}",
        Number(0, 1, open_high=True),
        default,
        f"how much of the past stays in the running mean of {of_what}",
        label=f"beta {index + 1}",
        scale=Scale.COMPLEMENT,
        group_key=("betas", index),
    )


def _switch(name: str, meaning: str, label: str = "", default: bool = False) -> Hyperparameter:
    return Hyperparameter(name, Flag(), default, meaning, label=label, scale=Scale.SWITCH)


_BETAS = (_beta(0, 0.9, "gradients"), _beta(1, 0.999, "squared gradients"))
_AMSGRAD = _switch(
    "amsgrad", "divide by the largest spread seen so far, not the latest", label="AMSGrad"
)
_MOMENTUM = _share("momentum", 0.0, "how much of the last step is repeated in the next")
_NESTEROV = _switch(
    "nesterov", "look at the gradient where momentum is about to lead", label="Nesterov"
)

_COUNT = Memory("step", "update count")
_MEAN = Memory("exp_avg", "mean gradient")
_SQUARE = Memory("exp_avg_sq", "mean squared gradient")
_MEAN_SQUARE = Memory("square_avg", "mean squared gradient")
_LARGEST = Memory("max_exp_avg_sq", "largest mean squared gradient", switch="amsgrad")

OPTIMIZERS = {
    spec.name: spec
    for spec in (
        OptimizerSpec(
            "sgd",
            "SGD",
            (
                _rate(0.01),
                _MOMENTUM,
                _NESTEROV,
                Hyperparameter(
                    "dampening",
                    Number(0, 1),
                    0.0,
                    "how much of the new gradient is left out of the momentum",
                    least=1e-2,
                ),
                _decay(0.0),
            ),
            (Memory("momentum_buffer", "momentum", switch="momentum", anew=True),),
            "steps against the gradient, as the chapter does",
        ),
        OptimizerSpec(
            "adagrad",
            "Adagrad",
            (
                _rate(0.01),
                Hyperparameter(
                    "lr_decay",
                    Number(0, 10),
                    0.0,
                    "how fast the learning rate shrinks with the number of updates",
                    label="rate decay",
                    least=1e-6,
                ),
                _decay(0.0),
                _eps(1e-10),
            ),
            (_COUNT, Memory("sum", "sum of squared gradients")),
            "gives every weight a rate that shrinks with the gradients it has seen",
        ),
        OptimizerSpec(
            "adadelta",
            "Adadelta",
            (
                _rate(1.0),
                _share("rho", 0.9, "how much of the past stays in the running means"),
                _decay(0.0),
                _eps(1e-6),
            ),
            (_COUNT, _MEAN_SQUARE, Memory("acc_delta", "mean squared step")),
            "measures a step by the steps that came before it",
        ),
        OptimizerSpec(
            "rmsprop",
            "RMSprop",
            (
                _rate(0.01),
                _share("alpha", 0.99, "how much of the past stays in the mean square"),
                _MOMENTUM,
                _switch("centered", "divide by the spread around the mean gradient"),
                _decay(0.0),
                _eps(1e-8),
            ),
            (
                _COUNT,
                _MEAN_SQUARE,
                Memory("momentum_buffer", "momentum of the divided gradient", switch="momentum"),
                Memory("grad_avg", "centre of the gradient", switch="centered"),
            ),
            "divides the gradient by its recent size",
        ),
        OptimizerSpec(
            "adam",
            "Adam",
            (_rate(0.001), *_BETAS, _decay(0.0), _AMSGRAD, _eps(1e-8)),
            (_COUNT, _MEAN, _SQUARE, _LARGEST),
            "RMSprop with momentum, both corrected for their start",
        ),
        OptimizerSpec(
            "adamw",
            "AdamW",
            (
                _rate(0.001),
                *_BETAS,
                _decay(0.01, "shrinks every weight at each update, apart from the gradient"),
                _AMSGRAD,
                _eps(1e-8),
            ),
            (_COUNT, _MEAN, _SQUARE, _LARGEST),
            "Adam with weight decay kept apart from the gradient",
        ),
        OptimizerSpec(
            "nadam",
            "NAdam",
            (
                _rate(0.002),
                *_BETAS,
                Hyperparameter(
                    "momentum_decay",
                    Number(0, 1),
                    0.004,
                    "how fast momentum approaches its full strength",
                    label="momentum decay",
                    least=1e-4,
                ),
                _decay(0.0),
                _eps(1e-8),
            ),
            (_COUNT, _MEAN, _SQUARE, Memory("mu_product", "product of the momenta")),
            "Adam that looks ahead, as Nesterov does",
        ),
        OptimizerSpec(
            "radam",
            "RAdam",
            (_rate(0.001), *_BETAS, _decay(0.0), _eps(1e-8)),
            (_COUNT, _MEAN, _SQUARE),
            "Adam that starts carefully, until its spread can be trusted",
        ),
        OptimizerSpec(
            "adamax",
            "Adamax",
            (
                _rate(0.002),
                _BETAS[0],
                _beta(1, 0.999, "the largest gradient"),
                _decay(0.0),
                _eps(1e-8),
            ),
            (_COUNT, _MEAN, Memory("exp_inf", "largest recent gradient")),
            "Adam that divides by the largest recent gradient",
        ),
        OptimizerSpec(
            "muon",
            "Muon",
            (
                _rate(0.001),
                _share("momentum", 0.95, "how much of the last direction is kept"),
                _switch(
                    "nesterov",
                    "look at the gradient where momentum is about to lead",
                    label="Nesterov",
                    default=True,
                ),
                _decay(0.1, "shrinks every weight at each update, apart from the gradient"),
                _eps(1e-7),
            ),
            (Memory("momentum_buffer", "mean direction"),),
            "turns the momentum of each weight matrix into an orthogonal one; biases and "
            "convolutions go with AdamW",
        ),
    )
}


# Every name that some optimizer has: the command line offers each of them once.
HYPERPARAMETERS = {
    row.name: row for spec in reversed(OPTIMIZERS.values()) for row in spec.hyperparameters
}
