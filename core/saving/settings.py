"""The settings of a run as JSON, and back."""

from __future__ import annotations

from typing import Any

from core.config import SETTINGS, RunConfig
from core.errors import UserError
from core.optimizers.table import OPTIMIZERS
from core.saving.fields import DamagedError, Fields


def as_json(config: RunConfig) -> dict[str, Any]:
    """Every setting and hyperparameter by its name."""
    told: dict[str, Any] = {name: getattr(config, name) for name in SETTINGS}
    told["widths"] = list(config.widths)
    return {**told, "hyperparameters": dict(config.hyperparameters)}


def from_json(fields: Fields) -> RunConfig:
    """The settings written so; one that is absent has its default. Raises DamagedError."""
    known = {**SETTINGS, "hyperparameters": None}
    for name in fields.names():
        if name not in known:
            raise DamagedError(f"{fields.name(name)!r} is no setting")
    try:
        values = {
            name: setting.parse(fields.any(name))
            for name, setting in SETTINGS.items()
            if name in fields.names()
        }
        spec = OPTIMIZERS[values.get("optimizer", RunConfig.optimizer)]
        given = fields.fields("hyperparameters")
        rows = spec.complete({name: given.any(name) for name in given.names()})
        config = RunConfig(**values, hyperparameters=rows)
    except UserError as fault:
        raise DamagedError(str(fault)) from None
    if config.batch_size > config.data_spec.train:
        raise DamagedError(f"{fields.name('batch_size')} is larger than the data set")
    return config
