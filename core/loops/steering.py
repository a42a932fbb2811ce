"""Changes of a loop that is not ours: its optimizer's hyperparameters, its batch size, its pace."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import Optimizer

from core.config import SETTINGS, title_of
from core.errors import UserError
from core.loops.batches import Batches
from core.optimizers import groups
from core.optimizers.table import HYPERPARAMETERS, OptimizerSpec


def resize(batches: Batches, value: object) -> tuple[str, str, str]:
    """Another batch size, from the next batch on; as an event has it: before, after, a note.

    Raises UserError if it cannot be.
    """
    size = SETTINGS["batch_size"].parse(value)
    if batches.fixed:
        raise UserError(f"batch size: it cannot change: {batches.fixed}")
    examples = batches.examples
    if examples and size > examples:
        raise UserError(
            f"batch size: {size:,} is not allowed: it must be a whole number from 1 to "
            f"{examples:,}, the examples of an epoch"
        )
    before, under_way = batches.size, batches.under_way
    batches.resize(size)
    note = f"up to {under_way} batches were under way before" if under_way else ""
    return f"{before:,}", f"{size:,}", note


def rewrite(
    optimizer: Optimizer | None, spec: OptimizerSpec, name: str, value: object
) -> tuple[str, str, str]:
    """Another value for a hyperparameter in every group; as an event has it.

    Learning rates that differ from group to group keep their proportions. Raises UserError if
    it cannot be.
    """
    if optimizer is None:
        raise UserError(f"{title_of(name)}: no optimizer has made a step in this loop yet")
    row = spec.hyperparameter(name)
    parsed = row.parse(value)
    before = groups.read(optimizer.param_groups[0], row)
    spec.check({name: parsed})
    note = ""
    if name == "lr":
        note = _scale(optimizer, before, parsed)
    else:
        groups.write(optimizer.param_groups, row, parsed)
    return row.kind.write(before), row.kind.write(parsed), note


def _scale(optimizer: Optimizer, before: float, after: float) -> str:
    """Bring the first group's rate to `after`, and the others' with it."""
    for group in optimizer.param_groups:
        for key in ("lr", "initial_lr"):  # the latter is where many schedules start from
            if key in group:
                _put(group, key, after * (float(group[key]) / before) if before else after)
    _put(optimizer.param_groups[0], "lr", after)
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    several = len(set(rates)) > 1
    return f"the groups' rates: {', '.join(f'{rate:.3g}' for rate in rates)}" if several else ""


def _put(group: dict[str, Any], key: str, value: float) -> None:
    if isinstance(group[key], torch.Tensor):
        group[key].fill_(value)
    else:
        group[key] = value


def other_setting(name: str) -> UserError:
    """What to say of a setting that only the loop itself can change."""
    known = name in SETTINGS or name in HYPERPARAMETERS
    return UserError(f"{title_of(name) if known else name}: it is the loop's own; change it there")
