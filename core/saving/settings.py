"""The settings of a run as JSON, and back."""

from __future__ import annotations

import os
from itertools import pairwise
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
            raise DamagedError(f"{fields.name(name)[:100]!r} is no setting")
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
    if _bytes_of_weights(config) > _memory() / 4:  # it trains with some memories of each weight
        raise DamagedError(f"{fields.name('widths')} need more memory than this computer has")
    return config


def _bytes_of_weights(config: RunConfig) -> int:
    """How much memory the weights of a network of chosen widths take."""
    if config.model != "perceptron":
        return 0
    spec = config.data_spec
    widths = (spec.features, *config.widths, len(spec.classes))
    return 4 * sum((before + 1) * after for before, after in pairwise(widths))


def _memory() -> int:
    """Bytes of memory of this computer; where that is not known, of a large one."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 36
