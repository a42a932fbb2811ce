"""Where a hyperparameter stands in the parameter groups of torch's optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.optimizers.table import Hyperparameter

Group = dict[str, Any]


def has(group: Mapping[str, Any], row: Hyperparameter) -> bool:
    key, _ = row.group_key or (row.name, None)
    return group.get(key) is not None


def read(group: Mapping[str, Any], row: Hyperparameter) -> Any:
    """The value in a group that has it."""
    key, place = row.group_key or (row.name, None)
    value = group[key] if place is None else group[key][place]
    return bool(value) if isinstance(row.default, bool) else float(value)


def write(groups: Iterable[Group], row: Hyperparameter, value: Any) -> None:
    """Put a value into each group that has a place for it."""
    key, place = row.group_key or (row.name, None)
    for group in groups:
        if place is not None and key in group:
            pair = list(group[key])
            pair[place] = value
            group[key] = tuple(pair)
        elif key in group:
            group[key] = value
