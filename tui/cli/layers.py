"""Which value of a setting counts when several places give one: the rule, in one place.

A flag beats an environment variable, which beats the config file, which beats the default; each
setting for itself. Some settings depend on another: a hyperparameter on the optimizer, the batch
size on the strategy and the data set, Nesterov on momentum and dampening. Where two of them do
not fit, the one from the lower layer gives way, so that a momentum in the config file does not
stand in the way of `--optimizer adam`. Within one layer nothing gives way: there it is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from core.config import SETTINGS, RunConfig, configure
from core.data.catalog import DATA_SETS
from core.data.spec import DataSpec
from core.errors import UserError
from core.optimizers.table import HYPERPARAMETERS, OPTIMIZERS, OptimizerSpec
from core.strategies import STRATEGIES


class Layer(IntEnum):
    """Where a value came from; the higher layer is heard."""

    DEFAULT = 0
    FILE = 1
    ENVIRONMENT = 2
    FLAG = 3


@dataclass(frozen=True, slots=True)
class Given:
    """A checked value that somebody set, and where: "--lr", "config.toml, line 3"."""

    value: Any
    layer: Layer
    source: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The configuration that follows from what was given, and what of it gave way, and why."""

    config: RunConfig
    gave_way: Mapping[str, str]


def settle(given: Mapping[str, Given]) -> Settled:
    """The configuration of the run, from all that was given by name, settings or not.

    Raises UserError, with the place where the value to blame was read.
    """
    counted = {n: g for n, g in given.items() if n in SETTINGS or n in HYPERPARAMETERS}
    gave_way: dict[str, str] = {}
    for misfits in (_foreign_hyperparameters, _oversized_batch, _overruled_strategy):
        for name, why in misfits(counted).items():
            gave_way[name] = why
            del counted[name]
    values = {name: each.value for name, each in counted.items()}
    if _nesterov_gives_way(counted):
        gave_way["nesterov"] = "it needs a momentum above 0 and a dampening of 0"
        values["nesterov"] = False
    size_for_later = values.pop("batch_size") if _strategy_overrules_size(counted) else None
    try:
        config = configure(values)
        if size_for_later is not None:
            sized = config.changed("batch_size", size_for_later)
            config = replace(sized, strategy=config.strategy)
    except UserError as fault:
        raise blamed(fault, given) from None
    return Settled(config, gave_way)


def blamed(fault: UserError, given: Mapping[str, Given]) -> UserError:
    """The same fault, said with the place where the setting to blame was given."""
    to_blame = given.get(fault.setting or "")
    return fault.at(to_blame.source) if to_blame and not fault.source else fault


def _layer(given: Mapping[str, Given], name: str) -> Layer:
    return given[name].layer if name in given else Layer.DEFAULT


def _value(given: Mapping[str, Given], name: str) -> Any:
    return given[name].value if name in given else SETTINGS[name].default


def _optimizer(given: Mapping[str, Given]) -> OptimizerSpec:
    return OPTIMIZERS[_value(given, "optimizer")]


def _data(given: Mapping[str, Given]) -> DataSpec | None:
    """What is known of the data before it is read."""
    return DATA_SETS.get(_value(given, "data"))


def _foreign_hyperparameters(given: Mapping[str, Given]) -> dict[str, str]:
    """Those that the optimizer of a higher layer does not have."""
    optimizer = _optimizer(given)
    has = {row.name for row in optimizer.hyperparameters}
    return {
        name: f"{optimizer.torch_name} has no such hyperparameter"
        for name, each in given.items()
        if name in HYPERPARAMETERS and name not in has and each.layer < _layer(given, "optimizer")
    }


def _oversized_batch(given: Mapping[str, Given]) -> dict[str, str]:
    """A batch size beyond the data set of a higher layer."""
    data, size = _data(given), given.get("batch_size")
    if size and data and size.value > data.train and size.layer < _layer(given, "data"):
        return {"batch_size": f"{data.title} has {data.train:,} training examples"}
    return {}


def _misfit(given: Mapping[str, Given]) -> bool:
    """Whether strategy and batch size were both given and contradict each other."""
    if "strategy" not in given or "batch_size" not in given:
        return False
    size: int = given["batch_size"].value
    data = _data(given)
    return STRATEGIES[given["strategy"].value].size(data.train if data else -1, size) != size


def _overruled_strategy(given: Mapping[str, Given]) -> dict[str, str]:
    """A strategy that a batch size of a higher layer, which means mini-batch, contradicts."""
    if _misfit(given) and given["strategy"].layer < given["batch_size"].layer:
        return {"strategy": f"a batch size of {given['batch_size'].value:,} means mini-batch"}
    return {}


def _strategy_overrules_size(given: Mapping[str, Given]) -> bool:
    """Whether the batch size waits until mini-batch is chosen, as the strategy stands higher."""
    return _misfit(given) and given["batch_size"].layer < given["strategy"].layer


def _nesterov_gives_way(given: Mapping[str, Given]) -> bool:
    """Whether a momentum or a dampening of a higher layer than Nesterov's rules it out."""
    rows = {row.name: row for row in _optimizer(given).hyperparameters}
    if "nesterov" not in rows:
        return False
    values = {n: given[n].value if n in given else row.default for n, row in rows.items()}
    ruled_out = values["momentum"] == 0 or values.get("dampening", 0) > 0
    above = max(_layer(given, "momentum"), _layer(given, "dampening"))
    return bool(values["nesterov"]) and ruled_out and _layer(given, "nesterov") < above
