"""What a run's data was, as JSON, and back."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

from core.config import RunConfig
from core.data.spec import DataSpec
from core.saving.fields import DamagedError, Fields
from core.saving.settings import check_memory

_MOST = 1 << 40  # examples
_MOST_FEATURES = 1 << 32
_MOST_CLASSES = 100_000
_KEPT = (
    *("name", "title", "train", "test", "shape", "classes", "targets"),
    *("scales", "levels", "identity"),
)


def as_json(data: DataSpec) -> dict[str, Any]:
    told = asdict(data)
    return {name: told[name] for name in _KEPT}


def from_json(fields: Fields, config: RunConfig) -> DataSpec:
    """What was written of the data of a run with these settings. Raises DamagedError."""
    classes, targets = _names(fields, "classes"), _names(fields, "targets")
    if bool(classes) == bool(targets):
        raise DamagedError(f"{fields.name('classes')} or targets: there must be one of them")
    data = DataSpec(
        fields.text("name"),
        fields.text("title"),
        fields.integer("train", 1, _MOST),
        fields.integer("test", 1, _MOST),
        _shape(fields),
        classes,
        targets,
        _scales(fields, len(targets)),
        _levels(fields),
        fields.text("identity", 64),
    )
    known = config.data_spec
    if known and as_json(replace(data, train=known.train)) != as_json(known):
        raise DamagedError(f"{fields.name('name')}: it does not describe {known.title}")
    if data.train > (known.train if known else _MOST) or config.batch_size > data.train:
        raise DamagedError(f"{fields.name('train')} does not go with the settings")
    check_memory(config, data)
    return data


def _names(fields: Fields, name: str) -> tuple[str, ...]:
    values = fields.list(name, _MOST_CLASSES)
    listed = Fields({str(place): value for place, value in enumerate(values)}, path=name)
    return tuple(listed.text(place) for place in listed.names())


def _shape(fields: Fields) -> tuple[int, ...]:
    values = fields.list("shape", 8)
    listed = Fields({str(place): value for place, value in enumerate(values)}, path="shape")
    shape = tuple(listed.integer(place, 1, _MOST_FEATURES) for place in listed.names())
    if math.prod(shape) > _MOST_FEATURES:
        raise DamagedError(f"{fields.name('shape')} is too large")
    return shape


def _scales(fields: Fields, count: int) -> tuple[tuple[float, float], ...]:
    """A mean and a deviation for each of so many numbers, or nothing."""
    values = fields.list("scales", count)
    if values and len(values) != count:
        raise DamagedError(f"{fields.name('scales')} are not {count}")
    listed = Fields({str(place): value for place, value in enumerate(values)}, path="scales")
    return tuple(
        (listed.between(place, -1e30, 1e30, 0), listed.between(place, 1e-30, 1e30, 1))
        for place in listed.names()
    )


def _levels(fields: Fields) -> tuple[float, float] | None:
    if "levels" not in fields:
        return None
    black, white = (fields.between("levels", -1e30, 1e30, place) for place in range(2))
    if black >= white:
        raise DamagedError(f"{fields.name('levels')} are not in order")
    return black, white
