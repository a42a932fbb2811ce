"""CSV and Parquet files, read by Arrow: named columns of the types that are in them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.data.own.refusal import counted, refused, some_of

_SEPARATORS = ",;\t|"
_MORE_MISSING = ("?",)  # beside Arrow's own: an empty cell, NA, N/A, NaN, null, ...
_ALL_AT_ONCE = 2**31 - 1  # bytes from which the types of a CSV's columns are guessed
_INDEX = "__index_level_"  # how pandas calls the row names that it adds to a Parquet file


def read_table(file: Path) -> tuple[Any, tuple[str, ...]]:
    """The table in a file, a pyarrow.Table, and what there is to say of how it was read.

    Raises UserError if it cannot be read, or not all of it.
    """
    comma_separated = file.suffix.lower() in (".csv", ".tsv")
    table, remarks = _read_csv(file) if comma_separated else (_read_parquet(file), ())
    twice = [name for name, times in Counter(table.column_names).items() if times > 1]
    if twice:
        raise refused(file, f"several columns are called {some_of(twice)}: each needs its own name")
    if table.num_rows == 0:
        raise refused(file, "it has no rows")
    table, counting = _without_row_numbers(table)
    return table, (*remarks, *counting)


def _read_parquet(file: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_table(file)
    except (pa.ArrowException, OSError) as fault:
        raise refused(file, f"it cannot be read ({_said(fault)})") from None


def _read_csv(file: Path) -> tuple[Any, tuple[str, ...]]:
    import pyarrow as pa
    from pyarrow import csv as arrow

    try:
        _check_encoding(file)
        separator, header = _first_line(file)
        unnamed = _are_values(header)
        bad: list[Any] = []

        def skip(row: Any) -> str:
            bad.append(row)
            return "skip"

        table = arrow.read_csv(
            file,
            arrow.ReadOptions(
                block_size=min(max(file.stat().st_size + 1, 1 << 20), _ALL_AT_ONCE),
                autogenerate_column_names=unnamed,
            ),
            arrow.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                invalid_row_handler=skip,
            ),
            arrow.ConvertOptions(
                strings_can_be_null=True,
                null_values=[*arrow.ConvertOptions().null_values, *_MORE_MISSING],
            ),
        )
    except (pa.ArrowException, OSError, csv.Error) as fault:
        raise refused(file, f"it cannot be read ({_said(fault)})") from None
    if bad:
        raise _ragged(file, separator, len(header), len(bad))
    return _named(table, unnamed)


def _check_encoding(file: Path) -> None:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError as fault:
                raise refused(
                    file,
                    f"line {number:,} is not UTF-8 (byte 0x{line[fault.start]:02x}); save the file "
                    "with the encoding UTF-8",
                ) from None


def _first_line(file: Path) -> tuple[str, list[str]]:
    """What separates the cells of a CSV, by its first line, and the cells of that."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
        if not first.strip():
            raise refused(file, "its first line is empty" if first else "it is empty")
        separator = max(_SEPARATORS, key=first.count)
        lines.seek(0)
        return separator, next(csv.reader(lines, delimiter=separator))


def _are_values(cells: Sequence[str]) -> bool:
    """Whether half or more of a first line are numbers that do not count: no names of columns."""
    numbers = [float(cell) for cell in cells if is_number(cell)]
    counts = all(after - before == 1 for before, after in pairwise(numbers))
    return 2 * len(numbers) >= len(cells) and not (counts and len(numbers) > 1)


def is_number(text: str) -> bool:
    """Whether a cell holds a number."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _named(table: Any, unnamed: bool) -> tuple[Any, tuple[str, ...]]:
    """The table with a name for each column."""
    if not unnamed:
        return table, ()
    names = [f"column {number}" for number in range(1, table.num_columns + 1)]
    remark = (
        f"the first line has values, not names: the columns are called column 1 to {len(names)}"
    )
    return table.rename_columns(names), (remark,)


def _ragged(file: Path, separator: str, width: int, count: int) -> Exception:
    """The fault for rows that are longer or shorter than the first, with the line of one."""
    with suppress(csv.Error), file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, delimiter=separator)
        for row in rows:
            if row and len(row) != width:
                return refused(
                    file,
                    f"line {rows.line_num:,} has {counted(len(row), 'cell')} where the first has "
                    f"{width:,}; so it is with {counted(count, 'line')} in all",
                )
    return refused(file, f"{counted(count, 'line')} have more or fewer cells than the first")


def _without_row_numbers(table: Any) -> tuple[Any, tuple[str, ...]]:
    """The table without what pandas writes beside the data: a nameless column that counts rows."""
    remarks = []
    for name in table.column_names:
        if name.startswith(_INDEX) or (name == "" and _counts(table[name])):
            table = table.drop_columns([name])
            remarks.append("left out: a column without a name that counts the rows")
        elif not name.strip():
            place = table.column_names.index(name)
            names = [*table.column_names]
            names[place] = f"column {place + 1}"
            table = table.rename_columns(names)
    return table, tuple(remarks)


def _counts(column: Any) -> bool:
    values = column.to_numpy(zero_copy_only=False)
    whole = values.dtype.kind == "i"
    return whole and bool((values == values[0] + range(len(values))).all()) and values[0] in (0, 1)


def _said(fault: Exception) -> str:
    return str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
