"""Whether settings and what was recorded go with the data that was found."""

from __future__ import annotations

from dataclasses import replace

from core.config import RunConfig, check_batch_size
from core.data.spec import DataSpec
from core.errors import UserError


def fitting(config: RunConfig, data: DataSpec) -> RunConfig:
    """The settings for such data; a batch size that nobody asked for becomes small enough.

    Raises UserError for one that somebody did, and for a stop condition without a meaning.
    """
    if config.target_accuracy is not None and not data.classes:
        raise UserError(
            f"target accuracy: {data.title} has no classes, but numbers to be told; stop by "
            "epochs, updates or seconds",
            setting="target_accuracy",
        )
    if config.strategy == "mini-batch":
        check_batch_size(config.batch_size, data)
    return replace(config, batch_size=min(config.batch_size, data.train))


def check_same(found: DataSpec, recorded: DataSpec | None, where: str) -> None:
    """Raise UserError unless the data is what was recorded, of which a run may take the first."""
    if recorded and replace(recorded, train=found.train) != found:
        raise UserError(
            f"data: what is in {where} now is not what the run was trained on", setting="data"
        )
