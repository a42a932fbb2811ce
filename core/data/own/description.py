"""What a data set is, for people who want to see it before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.config import RunConfig
from core.data.dataset import Dataset
from core.data.load import load
from core.data.own.find import own_files
from core.data.own.kinds import TABLE_SUFFIXES
from core.data.own.tables import Rows, read_rows
from core.data.spec import DataSpec
from core.data.split import Halves, Resident, Unread
from core.naming import is_reference

SHOWN = 6  # examples
_NUMBERS_SHOWN = 8  # of an example that is neither picture nor row
_NEGLIGIBLE = 1e-6  # of the largest number: what float32 leaves of a mean that is 0
_LOOKED_AT = 1_000  # inputs of data that is still in its files: reading all may take hours


@dataclass(frozen=True, slots=True)
class ClassCount:
    """A class, and how many examples of it each half has."""

    name: str
    train: int
    test: int


@dataclass(frozen=True, slots=True)
class Range:
    """The least, the mean and the greatest of some numbers."""

    name: str
    low: float
    mean: float
    high: float


@dataclass(frozen=True, eq=False)
class Description:
    """A data set as it was read.

    `inputs` is the range of the first `looked_at` training inputs as a network gets them.
    `pictures` are a few training examples, uint8 (k, height, width) or (k, height, width, 3),
    if they can be drawn; `rows` are some as texts. Those of a table are as in its file, under
    `headings`, of which `target` is to be told; of the others, `answers` is what is to be told.
    """

    spec: DataSpec
    classes: tuple[ClassCount, ...]
    targets: tuple[Range, ...]
    inputs: Range
    looked_at: int
    remarks: tuple[str, ...]
    pictures: NDArray[np.uint8] | None
    headings: tuple[str, ...]
    target: str
    rows: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]


def describe(config: RunConfig, progress: Callable[[str, float], None]) -> Description:
    """Read the data that the settings name, and say what it is. Raises UserError."""
    found = load(config, progress=progress)
    spec = found.spec
    looked_at = _first_inputs(found.train, _LOOKED_AT)
    shown = Resident(looked_at[:SHOWN], found.train.targets[:SHOWN])
    table = _table(config)
    rows = _cells(table) if table else _numbers(shown.inputs)
    return Description(
        spec,
        _class_counts(found),
        _target_ranges(found),
        _range("inputs", looked_at),
        len(looked_at),
        found.remarks,
        None if table else Dataset(spec, shown, shown).pictures(torch.arange(len(shown))),
        tuple(table.table.column_names) if table else (),
        table.target if table else "",
        rows,
        () if table else tuple(_answer(spec, target) for target in shown.targets),
    )


def _first_inputs(half: Resident | Unread, count: int) -> Tensor:
    """The inputs that a network gets: all in memory, or the first ones of those in files."""
    if isinstance(half, Resident):
        return half.inputs
    return torch.stack([half.examples[number][0] for number in range(min(count, len(half)))])


def _class_counts(found: Halves) -> tuple[ClassCount, ...]:
    names = found.spec.classes
    if not names:
        return ()
    train, test = (
        torch.bincount(half.targets, minlength=len(names)).tolist()
        for half in (found.train, found.test)
    )
    return tuple(map(ClassCount, names, train, test))


def _target_ranges(found: Halves) -> tuple[Range, ...]:
    told = found.train.targets
    return tuple(_range(name, told[:, i]) for i, name in enumerate(found.spec.targets))


def _range(name: str, values: Tensor) -> Range:
    low, high = float(values.min()), float(values.max())
    mean = float(values.mean(dtype=torch.float64))
    by_rounding = abs(mean) < _NEGLIGIBLE * max(abs(low), abs(high))
    return Range(name, low, 0.0 if by_rounding else mean, high)


def _table(config: RunConfig) -> Rows | None:
    """The table that the data comes from, if it is one."""
    if config.data_spec or is_reference(config.data):
        return None
    files = own_files(Path(config.data))
    if not files or files[0].suffix.lower() not in TABLE_SUFFIXES:
        return None
    return read_rows(config, files)


def _cells(rows: Rows) -> tuple[tuple[str, ...], ...]:
    """The first rows of a table, as they stand in its file."""
    first = rows.table.slice(0, SHOWN).to_pylist()
    return tuple(tuple("" if v is None else str(v) for v in row.values()) for row in first)


def _numbers(inputs: Tensor) -> tuple[tuple[str, ...], ...]:
    """The first numbers of each of these inputs (k, ...)."""
    flat = inputs.reshape(len(inputs), -1)[:, :_NUMBERS_SHOWN]
    return tuple(tuple(f"{number:.3g}" for number in row) for row in flat.tolist())


def _answer(spec: DataSpec, target: Tensor) -> str:
    if spec.classes:
        return spec.classes[int(target)]
    return ", ".join(f"{number:.4g}" for number in target.tolist())
