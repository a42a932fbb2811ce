"""What is to be told of each example: its class, or numbers; found out from the values given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.data.own.refusal import counted, refused
from core.tasks import Task

MOST_CLASSES = 10_000


@dataclass(frozen=True, eq=False)
class Targets:
    """Classes, int64 (n,), by their names, or numbers to be told, float64 (n, t), by theirs."""

    values: Tensor
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def targets_of(
    given: Tensor, task: str, data: str, classes: tuple[str, ...] = (), name: str = "target"
) -> Targets:
    """The targets in `given`, (n,), (n, 1) or (n, t), whole or other numbers.

    Whole numbers are classes, others are to be told, unless `task` says which. Raises UserError,
    naming `data`, where they cannot be either.
    """
    if given.ndim not in (1, 2) or 0 in given.shape:
        raise refused(data, f"targets of shape {tuple(given.shape)}: they must be (n,) or (n, t)")
    _check_finite(given, data)
    column = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
    whole = not given.is_floating_point()
    if task == Task.REGRESSION or (task == "auto" and not whole):
        return _numbers(column, name)
    if column.ndim == 2:
        raise refused(
            data,
            f"targets of shape {tuple(given.shape)} are no classes, which are one whole number "
            "for each example; --task regression takes them for numbers",
        )
    if not whole and not bool((column == column.round()).all()):
        raise refused(data, "targets that are not whole numbers cannot be classes")
    return _classes(column.long(), classes, data)


def named_targets(given: NDArray[np.str_], task: str, data: str) -> Targets:
    """The targets whose classes are texts, (n,): numbered in the order of the alphabet."""
    if task == Task.REGRESSION:
        raise refused(data, f"targets such as {str(given[0])!r} are text, which is no regression")
    names, numbers = np.unique(given, return_inverse=True)
    return Targets(torch.from_numpy(numbers.astype(np.int64)), tuple(map(str, names)))


def _check_finite(given: Tensor, data: str) -> None:
    if not given.is_floating_point():
        return
    bad = (~given.isfinite()).reshape(len(given), -1).any(1).nonzero()[:, 0]
    if len(bad):
        raise refused(
            data,
            f"{counted(len(bad), 'target')} NaN or infinite, the first that of example "
            f"{int(bad[0]):,}, counted from 0",
        )


def _numbers(column: Tensor, name: str) -> Targets:
    values = column.double().reshape(len(column), -1)
    several = values.shape[1] > 1
    names = tuple(f"{name} {i}" for i in range(1, values.shape[1] + 1)) if several else (name,)
    return Targets(values, names=names)


def _classes(labels: Tensor, names: tuple[str, ...], data: str) -> Targets:
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0:
        place = int((labels < 0).nonzero()[0])
        raise refused(
            data,
            f"the class of example {place:,}, counted from 0, is {int(labels[place])}: classes "
            "are numbered from 0",
        )
    if highest >= MOST_CLASSES:
        raise refused(
            data,
            f"there are classes up to {highest:,}, and {MOST_CLASSES:,} at most can be told "
            "apart; --task regression takes them for numbers",
        )
    if names and highest >= len(names):
        place = int((labels >= len(names)).nonzero()[0])
        raise refused(
            data,
            f"the class of example {place:,}, counted from 0, is {int(labels[place])}, outside "
            f"the {counted(len(names), 'class', 'classes')} from 0 to {len(names) - 1}",
        )
    return Targets(labels, names or tuple(map(str, range(highest + 1))))


def as_array(values: Any) -> NDArray[Any]:
    """A numpy array of native byte order, as torch takes it."""
    array = np.asarray(values)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
