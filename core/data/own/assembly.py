"""Inputs and targets put together: the two halves of a data set, checked, with a description."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from core.config import RunConfig
from core.data.own.inputs import Inputs
from core.data.own.refusal import printable, refused, some_of
from core.data.own.scale import scale_of
from core.data.own.targets import Targets
from core.data.spec import DataSpec
from core.data.split import Halves, Resident, Unread
from core.naming import is_reference

Scales = tuple[tuple[float, float], ...]  # the mean and the deviation of each number

_NEEDS_OWN_UNITS = ("poisson-nll",)  # whose targets are counts


def resident_halves(
    config: RunConfig,
    inputs: Inputs,
    targets: Targets,
    rows: tuple[Tensor, Tensor],
    remarks: Sequence[str] = (),
    *,
    standardise: bool,
) -> Halves:
    """The data set in memory: the examples of each half and, at `rows`, their targets.

    Numbers to be told are standardised by their training half, if so wished: in their own units
    the gradients of large ones would be too steep for any usual learning rate.
    """
    told = targets.values
    scales: Scales = ()
    if standardise and targets.names and config.loss not in _NEEDS_OWN_UNITS:
        told, scales = _standardised(targets, rows[0])
    if targets.names:
        told = told.float()
    train = Resident(inputs.train, told[rows[0]])
    test = Resident(inputs.test, told[rows[1]])
    _check_size(config.data, inputs, told)
    said = (*remarks, *inputs.remarks, *_in_words(targets, scales))
    return halves(config, train, test, targets, inputs.levels, said, scales)


def halves(
    config: RunConfig,
    train: Resident | Unread,
    test: Resident | Unread,
    targets: Targets,
    levels: tuple[float, float] | None,
    remarks: Sequence[str],
    scales: Scales = (),
) -> Halves:
    """The data set of these two halves; raises UserError if nothing can be learned from it."""
    _check(config.data, train, test, targets)
    spec = DataSpec(
        config.data,
        printable(title_of(config.data)),
        len(train),
        len(test),
        shape_of(train),
        tuple(map(printable, targets.classes)),
        tuple(map(printable, targets.names)),
        scales,
        levels,
    )
    said = (*remarks, *_unlearned(train.targets, targets.classes))
    return Halves(spec, train, test, tuple(map(printable, said)))


def _unlearned(train: Tensor, classes: tuple[str, ...]) -> tuple[str, ...]:
    """What is said of classes that the training half has no example of."""
    if not classes:
        return ()
    counts = torch.bincount(train, minlength=len(classes)).tolist()
    empty = [name for name, count in zip(classes, counts, strict=True) if count == 0]
    return (f"no training example is of class {some_of(empty)}",) if empty else ()


def title_of(data: str) -> str:
    """What to call the user's own data: the name of its file, folder or factory."""
    return data.rpartition(":")[2] if is_reference(data) else Path(data).name


def shape_of(half: Resident | Unread) -> tuple[int, ...]:
    """The shape of one example's input."""
    return half.shape if isinstance(half, Unread) else tuple(half.inputs.shape[1:])


def check_enough(data: str, train: int, test: int) -> None:
    """Raise UserError if the halves have too few examples to learn anything."""
    if train < 2 or test < 1:
        raise refused(
            data,
            f"{train:,} training and {test:,} test examples are too few: at least 2 and 1 are "
            "needed",
        )


def _check(data: str, train: Resident | Unread, test: Resident | Unread, targets: Targets) -> None:
    check_enough(data, len(train), len(test))
    if shape_of(train) != shape_of(test):
        raise refused(
            data,
            f"inputs of shape {shape_of(train)} in the training half, of {shape_of(test)} in "
            "the test half: both must be alike",
        )
    same = bool((train.targets == train.targets[0]).all())
    if targets.classes and same:
        only = targets.classes[int(train.targets[0])]
        raise refused(
            data, f"all training examples are of one class, {only}: nothing to tell apart"
        )
    if targets.names and same:
        raise refused(data, f"{targets.names[0]} is the same in all training examples")


def _check_size(data: str, inputs: Inputs, told: Tensor) -> None:
    """Raise UserError where finite numbers have become too large for what computes with them."""
    for name, values in (("inputs", inputs.train), ("inputs", inputs.test), ("targets", told)):
        if values.is_floating_point() and not bool(values.isfinite().all()):
            raise refused(data, f"{name} are too large to be computed with: float32 ends at 3.4e38")


def _standardised(targets: Targets, rows: Tensor) -> tuple[Tensor, Scales]:
    values = targets.values.double()
    scale = scale_of(values[rows])
    scales = zip(scale.mean.tolist(), scale.deviation.tolist(), strict=True)
    return scale.of(values), tuple(scales)


def _in_words(targets: Targets, scales: Scales) -> tuple[str, ...]:
    return tuple(
        f"for training and its loss, {name} is standardised: 0 is {mean:g}, 1 is {deviation:g} more"
        for name, (mean, deviation) in zip(targets.names, scales, strict=False)
    )


def rows_of_parts(train: int, test: int) -> tuple[Tensor, Tensor]:
    """The rows of two halves that were given one after the other."""
    return torch.arange(train), torch.arange(train, train + test)
