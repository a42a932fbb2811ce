"""The settings of a run as JSON, and back."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Any

from core.config import SETTINGS, RunConfig
from core.data.spec import DataSpec
from core.errors import UserError
from core.optimizers.table import OPTIMIZERS
from core.saving.fields import DamagedError, Fields


def as_json(config: RunConfig) -> dict[str, Any]:
    """Every setting and hyperparameter by its name."""
    told: dict[str, Any] = {name: getattr(config, name) for name in SETTINGS}
    told = {name: list(v) if isinstance(v, tuple) else v for name, v in told.items()}
    return {**told, "hyperparameters": dict(config.hyperparameters)}


def from_json(fields: Fields) -> RunConfig:
    """The settings written so; one that is absent has its default. Raises DamagedError."""
    known = {**SETTINGS, "hyperparameters": None}
    for name in fields.names():
        if name not in known:
            raise DamagedError(f"{fields.name(name)[:100]!r} is no setting")
    optimizer = fields.any("optimizer") if "optimizer" in fields else RunConfig.optimizer
    if isinstance(optimizer, str) and optimizer[:1].isupper() and optimizer not in OPTIMIZERS:
        raise DamagedError(
            f"its optimizer {optimizer[:50]} is not known here; if it is your own, give it again: "
            "gd_tui.engine(optimizer=..., resume=...)"
        )
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
    return config


def check_memory(config: RunConfig, data: DataSpec) -> None:
    """Raise DamagedError if these settings ask for more weights than this computer can hold."""
    if config.model == "perceptron":
        widths = (data.features, *config.widths, data.outputs)
        weights = sum((before + 1) * after for before, after in pairwise(widths))
        if 4 * weights > _memory() / 4:  # it trains with some memories of each weight
            raise DamagedError("the widths need more memory than this computer has")


def _memory() -> int:
    """Bytes of memory of this computer; where that is not known, of a large one."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 36
