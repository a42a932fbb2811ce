"""Tables: one column is to be told from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.config import RunConfig
from core.data.own.assembly import check_enough, resident_halves
from core.data.own.columns import (
    Column,
    Numbers,
    codes_in,
    column_of,
    is_numeric,
    is_text,
    missing_in,
    numbers_in,
)
from core.data.own.inputs import Inputs
from core.data.own.refusal import counted, refused, some_of
from core.data.own.split import made_split
from core.data.own.table_files import read_table
from core.data.own.targets import Targets
from core.data.split import Halves
from core.errors import UserError, did_you_mean
from core.tasks import Task

FEW_VALUES = 20  # up to so many different whole numbers in the target's column are classes
MOST_CLASSES = 1_000


@dataclass(frozen=True, eq=False)
class Rows:
    """A table as it stands in its files: its columns, the name of the target's, its halves.

    `train` is the number of rows of a training half that was given, None if there is one file.
    """

    table: Any
    target: str
    train: int | None
    remarks: tuple[str, ...]


def read_rows(config: RunConfig, files: Sequence[Path]) -> Rows:
    """The table in a file, or in one for each half, one below the other. Raises UserError."""
    read = [read_table(file) for file in files]
    table, remarks = read[0]
    if len(read) == 2:
        table = _below(table, read[1][0], config.data)
    if table.num_columns < 2:
        raise refused(config.data, "it has a single column; needed are inputs, and a target")
    target = config.target or table.column_names[-1]
    if target not in table.column_names:
        near = did_you_mean(target, table.column_names)
        raise UserError(
            f"target: {config.data} has no column {target!r}{near}; there are "
            f"{', '.join(table.column_names)}",
            setting="target",
        )
    train = read[0][0].num_rows if len(read) == 2 else None
    return Rows(table, target, train, remarks)


def read_tables(config: RunConfig, files: Sequence[Path]) -> Halves:
    """The data set in a table, or in one for each half. Raises UserError if it is not usable."""
    rows = read_rows(config, files)
    columns, left_out = _columns(rows, config)
    told, known = _told(rows, config)
    said = [*rows.remarks, f"the target is {rows.target}, {told.task}"]
    kept, missing = _kept(columns, known, config)
    said += missing
    if not kept.any():
        raise refused(config.data, "no row is left")
    columns = [column.at(kept) for column in columns]
    targets = told.targets(kept)
    halves = _halves(rows, kept, targets, config)
    check_enough(config.data, *map(len, halves))
    inputs, remarks = _inputs(columns, halves[0], left_out, config)
    train, test = (inputs[half] for half in halves)
    return resident_halves(
        config, Inputs(train, test), targets, halves, [*said, *remarks], standardise=True
    )


def _below(train: Any, test: Any, data: str) -> Any:
    """Both tables as one; columns in another order are the same, numbers of another width too."""
    import pyarrow as pa

    if sorted(train.column_names) != sorted(test.column_names):
        differ = set(train.column_names) ^ set(test.column_names)
        raise refused(data, f"its two tables do not both have {some_of(sorted(differ))}")
    try:
        return pa.concat_tables(
            [train, test.select(train.column_names)], promote_options="permissive"
        )
    except pa.ArrowException as fault:
        raise refused(data, f"its two tables are not alike ({fault})") from None


def _columns(rows: Rows, config: RunConfig) -> tuple[list[Column], list[str]]:
    """The columns to learn from; what is left out, and why."""
    found = [
        (name, column_of(name, rows.table[name], config.data))
        for name in rows.table.column_names
        if name != rows.target
    ]
    left_out = [f"{name} ({why})" for name, why in found if isinstance(why, str)]
    return [column for _, column in found if not isinstance(column, str)], left_out


@dataclass(frozen=True, eq=False)
class _Told:
    """The target's column: values (n,), and the names of its classes if it has any."""

    name: str
    values: NDArray[Any]
    classes: tuple[str, ...] = ()
    remark: str = ""

    @property
    def task(self) -> str:
        if self.classes:
            return f"{counted(len(self.classes), 'class', 'classes')} to tell apart"
        return f"a number to be told{self.remark}"

    def targets(self, rows: NDArray[np.bool_]) -> Targets:
        values = torch.from_numpy(self.values[rows])
        if self.classes:
            return Targets(values, self.classes)
        return Targets(values.double()[:, None], names=(self.name,))


def _told(rows: Rows, config: RunConfig) -> tuple[_Told, NDArray[np.bool_]]:
    """The target's column, and where it is known."""
    cells, where = rows.table[rows.target], f"column {rows.target}"
    if cells.null_count == len(cells):
        raise refused(config.data, f"{where}, the target, is empty")
    if is_text(cells.type):
        if config.task == Task.REGRESSION:
            raise refused(config.data, f"{where} is text, which is no regression")
        codes, texts = codes_in(cells)
        _check_classes(len(texts), where, config)
        names = tuple(sorted(texts))
        place = np.array([names.index(text) for text in texts], np.int64)
        return _Told(rows.target, place[codes], names), codes >= 0
    if not is_numeric(cells.type):
        raise refused(config.data, f"{where} is {cells.type}, neither numbers nor text")
    values = numbers_in(cells)
    known = ~np.isnan(values)
    if np.isinf(values).any():
        raise refused(config.data, f"{where} has infinite values")
    found = np.unique(values[known])
    whole = bool((found == found.round()).all())
    if config.task == Task.REGRESSION or (config.task == "auto" and _are_numbers(cells, found)):
        few = config.task == "auto" and whole and len(found) <= FEW_VALUES
        remark = "; --task classification takes its few values for classes" if few else ""
        return _Told(rows.target, values, (), remark), known
    _check_classes(len(found), where, config)
    names = tuple(f"{int(v)}" if whole else f"{v:g}" for v in found)
    place = np.searchsorted(found, np.where(known, values, found[:1]))
    return _Told(rows.target, place.astype(np.int64), names), known


def _are_numbers(cells: Any, found: NDArray[np.float64]) -> bool:
    """Whether the values of a target are rather to be told than told apart."""
    import pyarrow as pa

    few = len(found) <= FEW_VALUES
    return not (pa.types.is_boolean(cells.type) or (pa.types.is_integer(cells.type) and few))


def _check_classes(count: int, where: str, config: RunConfig) -> None:
    if count == 0:
        raise refused(config.data, f"{where}, the target, is empty")
    if count == 1:
        raise refused(
            config.data, f"{where}, the target, holds one class only: nothing to tell apart"
        )
    if count > MOST_CLASSES:
        raise refused(
            config.data,
            f"{where}, the target, has {count:,} different values; {MOST_CLASSES:,} classes at "
            "most can be told apart (--target names another column, --task regression takes "
            "whole numbers as numbers)",
        )


def _kept(
    columns: Sequence[Column], known: NDArray[np.bool_], config: RunConfig
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which rows are learned from, and what is said of missing values."""
    said = []
    if unknown := int((~known).sum()):
        said.append(f"{counted(unknown, 'row')} without a target left out")
    gaps = list(missing_in([column.at(known) for column in columns]))
    if not gaps:
        return known, said
    several = len(gaps) > 1
    named = some_of([f"{name} ({count:,})" if several else name for name, count in gaps])
    total = sum(count for _, count in gaps)
    values = f"{counted(total, 'missing value')} in {named}"
    match config.missing:
        case "refuse":
            raise UserError(
                f"missing: {config.data}: {values}; mean and drop go on without them",
                setting="missing",
            )
        case "drop":
            whole = known & ~np.any([column.missing for column in columns], axis=0)
            dropped = int(known.sum()) - int(whole.sum())
            said.append(f"{values}: {counted(dropped, 'row')} left out")
            return whole, said
        case _:
            return known, [*said, f"{values}: {_stand_in(columns, dict(gaps))}"]


def _stand_in(columns: Sequence[Column], gaps: Mapping[str, int]) -> str:
    """What stands for missing values in these columns."""
    numbers = [isinstance(column, Numbers) for column in columns if column.name in gaps]
    if all(numbers):
        return "the mean of the column stands for them"
    if not any(numbers):
        return "a category of its own stands for them"
    return "the mean of a column of numbers, a category of its own in one of texts"


def _halves(
    rows: Rows, kept: NDArray[np.bool_], targets: Targets, config: RunConfig
) -> tuple[Tensor, Tensor]:
    """The rows of each half, among those that were kept."""
    if rows.train is None:
        return made_split(targets.values, config.test_share, config.split_seed)
    train = int(kept[: rows.train].sum())
    return torch.arange(train), torch.arange(train, int(kept.sum()))


def _inputs(
    columns: Sequence[Column], train: Tensor, left_out: Sequence[str], config: RunConfig
) -> tuple[Tensor, list[str]]:
    """All columns side by side, float32 (n, inputs), and what is said of them."""
    encoded = {column.name: column.encoded(train) for column in columns}
    constant = [f"{name} (always the same)" for name, each in encoded.items() if each.constant]
    without = [*left_out, *constant]
    if len(constant) == len(columns):
        raise refused(config.data, f"no column is left to learn from: {some_of(without)}")
    remarks = [f"left out: {some_of(without)}"] if without else []
    for name, each in encoded.items():
        if each.strange:
            remarks.append(
                f"{name}: {some_of(each.strange)} only in the test half, there no category at all"
            )
    return torch.cat([each.inputs for each in encoded.values()], 1), remarks
