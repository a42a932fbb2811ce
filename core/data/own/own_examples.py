"""The examples of a data set that the user's own code reads, each checked when it is taken."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import own_code
from core.data.own.refusal import refused
from core.errors import UserError

_COMPARED = 8  # targets that are read to see whether a list of all of them is to be believed
_AT_ONCE = 256  # examples between two reports of progress


class OwnExamples:
    """Some of a map-style data set's examples: an input, float32, and a target, a tensor.

    All inputs are to have the `shape` of the first one. Taking an example raises UserError, with
    the user's own line, if their code fails or returns something else.
    """

    def __init__(self, given: Any, rows: Sequence[int], shape: tuple[int, ...], data: str) -> None:
        self.given = given
        self.rows = rows
        self.shape = shape
        self.data = data

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        row = self.rows[index]
        item = _item(self.given, row, self.data)
        inputs, target = _inputs(item[0]), _target(item[1])
        where = _where(self.given, row)
        if inputs is None:
            raise _no_input(item[0], where, self.data)
        if inputs.shape != self.shape:
            raise refused(
                self.data,
                f"the input in {where} has the shape {tuple(inputs.shape)}, that in item 0 "
                f"{self.shape}: all must be alike",
            )
        if target is None:
            raise refused(
                self.data,
                f"the target in {where} is {_kind(item[1])}; needed is the number of a class, "
                "or numbers to be told",
            )
        if not bool(inputs.isfinite().all()):
            raise refused(self.data, f"NaN or infinity in the input of {where}")
        return inputs.float(), target


def first_shape(given: Any, data: str) -> tuple[int, ...]:
    """The shape of a data set's first input."""
    item = _item(given, 0, data)
    if (inputs := _inputs(item[0])) is None:
        raise _no_input(item[0], _where(given, 0), data)
    return tuple(inputs.shape)


def read_targets(examples: OwnExamples, progress: Callable[[str, float], None]) -> Tensor:
    """The targets of all examples, (n,) or (n, t): from a list of them, or read one by one."""
    if (known := _known_targets(examples)) is not None:
        return known
    what = f"reading the targets of {type(examples.given).__name__}"
    targets = []
    for number in range(len(examples)):
        if number % _AT_ONCE == 0:
            progress(what, number / len(examples))
        targets.append(examples[number][1])
    return _stacked(targets, examples.data)


def _known_targets(examples: OwnExamples) -> Tensor | None:
    """The list of targets that torchvision's data sets have, if it agrees with the examples."""
    given = examples.given
    found = (getattr(given, name, None) for name in ("targets", "labels"))
    listed = next((each for each in found if each is not None), None)
    if not isinstance(listed, Tensor | np.ndarray | list) or len(listed) != len(given):
        return None
    try:
        known = torch.as_tensor(listed)
    except (TypeError, ValueError, RuntimeError):
        return None
    # What changes targets on their way out (target_transform) leaves the list as it is.
    step = max(1, len(given) // _COMPARED)
    for number in itertools.islice(range(0, len(given), step), _COMPARED):
        target = examples[number][1]
        if target.shape != known[number].shape or not torch.equal(target, known[number].to(target)):
            return None
    return known


def _stacked(targets: Sequence[Tensor], data: str) -> Tensor:
    shapes = {tuple(target.shape) for target in targets}
    if len(shapes) > 1:
        raise refused(data, f"its targets have several shapes: {sorted(shapes)[:4]}")
    return torch.stack(list(targets))


def _item(given: Any, row: int, data: str) -> Any:
    try:
        item = given[row]
    except UserError:
        raise
    except BaseException as fault:
        if not own_code.is_fault(fault):
            raise
        raise refused(data, f"{_where(given, row)} failed: {own_code.blame(fault)}") from fault
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise refused(
            data,
            f"{_where(given, row)} is {_kind(item)}; needed is a pair of an input and a target",
        )
    return item


def _where(given: Any, row: int) -> str:
    return f"item {row:,} of {type(given).__name__}"


def _inputs(value: object) -> Tensor | None:
    tensor = _tensor(value)
    return tensor if tensor is not None and tensor.is_floating_point() else None


def _no_input(value: object, where: str, data: str) -> UserError:
    return refused(
        data,
        f"the input in {where} is {_kind(value)}; needed is a tensor of floats (torchvision's "
        "ToTensor makes one of an image)",
    )


def _tensor(value: object) -> Tensor | None:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.from_numpy(value)
    return value if isinstance(value, Tensor) else None


def _target(value: object) -> Tensor | None:
    """A class as int64 (), numbers to be told as float32 () or (t,)."""
    if isinstance(value, bool | int | float | np.number):
        value = torch.tensor(value)
    target = _tensor(value)
    if target is None or target.ndim > 1 or target.is_complex():
        return None
    return target.float() if target.is_floating_point() else target.long()


def _kind(value: object) -> str:
    if isinstance(value, Tensor | np.ndarray):
        return f"{type(value).__name__} of {value.dtype} {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
