"""What the user's own code returns: torch data sets, or tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from core import own_code
from core.config import RunConfig
from core.data.own.arrays import Parts, as_targets, as_tensor, joined_targets, named_parts
from core.data.own.assembly import halves, resident_halves, rows_of_parts
from core.data.own.inputs import inputs_as_given, is_picture, levels_of
from core.data.own.own_examples import OwnExamples, first_shape, read_targets
from core.data.own.refusal import refused
from core.data.own.split import made_split
from core.data.own.targets import targets_of
from core.data.split import Halves, Unread

_SETTING = "data"
_LOOKED_AT = 64  # pictures in which black and white are looked for
NEEDED = (
    "needed is a map-style Dataset, a pair of them (train, test), tensors (x, y) or (x_train, "
    "y_train, x_test, y_test), or a dict of these by name"
)


def from_factory(config: RunConfig, progress: Callable[[str, float], None]) -> Halves:
    """The data that the user's factory returns; it is called without arguments.

    torch's global generator is seeded with `split_seed` for it, and left as it was found.
    Raises UserError, with the user's own line, if it fails or returns something else.
    """
    factory = own_code.load(config.data, _SETTING)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.split_seed)
        returned = own_code.call(factory, {}, {}, config.data, _SETTING)
        return _halves(returned, config, progress)


def _halves(returned: Any, config: RunConfig, progress: Callable[[str, float], None]) -> Halves:
    if isinstance(returned, Halves):
        return returned
    several = isinstance(returned, tuple | list)
    if isinstance(returned, Mapping):
        return _of_tensors(named_parts(returned, config.data), config)
    if several and len(returned) in (2, 4) and all(map(_is_array, returned)):
        pairs = [returned[i : i + 2] for i in range(0, len(returned), 2)]
        return _of_arrays(pairs, config)
    found = list(returned) if several and len(returned) == 2 else [returned]
    for each in found:
        _check_kind(each, returned, config.data)
    if all(isinstance(each, TensorDataset) and len(each.tensors) == 2 for each in found):
        return _of_arrays([each.tensors for each in found], config)
    return _of_data_sets(found, config, progress)


def _is_array(value: object) -> bool:
    return isinstance(value, Tensor | np.ndarray)


def _check_kind(found: Any, returned: Any, data: str) -> None:
    if isinstance(found, IterableDataset):
        raise refused(
            data,
            f"{type(found).__name__} is an IterableDataset, whose examples cannot be taken in "
            "any order; needed is one with __getitem__ and __len__",
        )
    map_style = hasattr(found, "__getitem__") and hasattr(found, "__len__")
    if _is_array(found) or isinstance(found, str | tuple | list) or not map_style:
        raise refused(data, f"it returned {_kinds(returned)}; {NEEDED}")
    if own_code.call(lambda: len(found), {}, {}, data, _SETTING) == 0:
        raise refused(data, f"{type(found).__name__} is empty")


def _kinds(returned: Any) -> str:
    if isinstance(returned, tuple | list):
        return f"({', '.join(type(each).__name__ for each in returned[:6])})"
    return type(returned).__name__


def _of_arrays(pairs: Sequence[Any], config: RunConfig) -> Halves:
    inputs = tuple(as_tensor(pair[0], config.data) for pair in pairs)
    return _of_tensors(Parts(inputs, tuple(as_targets(p[1], config.data) for p in pairs)), config)


def _of_tensors(parts: Parts, config: RunConfig) -> Halves:
    """Tensors as the user prepared them; only pixels are normalised."""
    parts.check(config.data)
    targets = joined_targets(parts.targets, config)
    train, test, rows = parts.halves(targets, config)
    inputs = inputs_as_given(train, test)
    return resident_halves(config, inputs, targets, rows, standardise=False)


def _of_data_sets(
    found: Sequence[Dataset[Any]], config: RunConfig, progress: Callable[[str, float], None]
) -> Halves:
    """Data sets whose examples are read when they are needed."""
    given: list[Any] = list(found)
    shape = first_shape(given[0], config.data)
    whole = [OwnExamples(each, range(len(each)), shape, config.data) for each in given]
    told = [read_targets(each, progress) for each in whole]
    if len({tuple(part.shape[1:]) for part in told}) > 1:
        raise refused(config.data, "the targets of its halves are not alike")
    targets = targets_of(torch.cat(told), config.task, config.data, _class_names(given[0]))
    if len(whole) == 2:
        rows = rows_of_parts(len(whole[0]), len(whole[1]))
        train, test = whole
    else:
        rows = made_split(targets.values, config.test_share, config.split_seed)
        train, test = (OwnExamples(given[0], h.tolist(), shape, config.data) for h in rows)
    values = targets.values.float() if targets.names else targets.values
    return halves(
        config,
        Unread(train, values[rows[0]], shape),
        Unread(test, values[rows[1]], shape),
        targets,
        _levels(train, shape),
        (),
    )


def _levels(train: OwnExamples, shape: tuple[int, ...]) -> tuple[float, float] | None:
    if not is_picture(shape):
        return None
    count = min(_LOOKED_AT, len(train))
    return levels_of(torch.stack([train[number][0] for number in range(count)]))


def _class_names(given: Any) -> tuple[str, ...]:
    """The names that a data set has for its classes; those of torchvision have `classes`."""
    names = getattr(getattr(given, "dataset", given), "classes", None)
    if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
        return ()
    return tuple(names)
