"""CSV and Parquet tables: what becomes of each column, of gaps, and of what is wrong with them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from core.data.own.columns import Numbers
from core.errors import UserError
from tests.core.data.own_files import in_memory, read

ROWS = 40
AGE = [20 + i for i in range(ROWS)]
TOWN = [("Bern", "Rome", "Oslo")[i % 3] for i in range(ROWS)]
MEMBER = [i % 4 == 0 for i in range(ROWS)]
KIND = [("no", "yes")[i % 2] for i in range(ROWS)]
PRICE = [1000.5 * i for i in range(ROWS)]
PEOPLE = {"age": AGE, "town": TOWN, "member": MEMBER, "kind": KIND}


def write(file: Path, columns: dict[str, Sequence[Any]], separator: str = ",") -> Path:
    """A table of these columns, in the format of the file's suffix; None is a gap."""
    if file.suffix == ".parquet":
        parquet.write_table(pa.table(dict(columns)), file)
        return file
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened, delimiter=separator)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return file


@pytest.fixture(params=[".csv", ".tsv", ".parquet"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    separator = "\t" if request.param == ".tsv" else ","
    return write(tmp_path / f"people{request.param}", PEOPLE, separator)


def test_numbers_are_standardised_and_texts_are_one_hot(people: Path) -> None:
    found = read(people)
    assert found.spec.classes == ("no", "yes")
    assert found.spec.shape == (5,)  # age, Bern, Oslo, Rome, member
    assert (found.spec.train, found.spec.test) == (32, 8)
    inputs = torch.cat([in_memory(found.train).inputs, in_memory(found.test).inputs])
    age = np.empty(ROWS)
    for row, place in enumerate(inputs[:, 0].argsort().tolist()):
        age[place] = AGE[row]  # ages grow with the rows of the file
    rows = [AGE.index(int(value)) for value in age]
    mean, deviation = age[:32].mean(), age[:32].std()
    expected = torch.from_numpy((age - mean) / deviation).float()
    torch.testing.assert_close(inputs[:, 0], expected)
    towns = [["Bern", "Oslo", "Rome"].index(TOWN[row]) for row in rows]
    assert torch.equal(inputs[:, 1:4], torch.eye(3)[towns])
    assert torch.equal(inputs[:, 4] > 0, torch.tensor([MEMBER[row] for row in rows]))
    told = torch.cat([found.train.targets, found.test.targets]).tolist()
    assert [("no", "yes")[each] for each in told] == [KIND[row] for row in rows]


def test_every_format_gives_the_same_tensors(tmp_path: Path) -> None:
    as_text = read(write(tmp_path / "a.csv", PEOPLE))
    as_arrow = read(write(tmp_path / "a.parquet", PEOPLE))
    assert torch.equal(in_memory(as_text.train).inputs, in_memory(as_arrow.train).inputs)
    assert torch.equal(as_text.test.targets, as_arrow.test.targets)


def test_the_target_may_be_named_and_numbers_are_told_on_a_scale(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {"price": PRICE, **PEOPLE})
    found = read(file, target="price")
    assert (found.spec.classes, found.spec.targets) == ((), ("price",))
    assert found.train.targets.mean().item() == pytest.approx(0, abs=1e-6)
    assert any("price is standardised: 0 is " in said for said in found.remarks)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([3, 7, 8, 10] * 10, "auto", ("3", "7", "8", "10")),
        ([-1, 1] * 20, "auto", ("-1", "1")),
        (list(range(ROWS)), "auto", ()),
        ([0.5, 1.5] * 20, "auto", ()),
        ([0.5, 1.5] * 20, "classification", ("0.5", "1.5")),
        ([3, 7, 8, 10] * 10, "regression", ()),
        ([True, False] * 20, "auto", ("0", "1")),
    ],
)
def test_few_whole_numbers_are_classes_and_others_are_not(
    tmp_path: Path, values: list[Any], task: str, classes: tuple[str, ...]
) -> None:
    file = write(tmp_path / "a.csv", {"age": AGE, "y": values})
    assert read(file, task=task).spec.classes == classes


def test_missing_numbers_are_the_mean_and_missing_texts_a_category(tmp_path: Path) -> None:
    age: list[Any] = [*AGE]
    age[3] = age[5] = None
    town: list[Any] = [*TOWN]
    town[6:12] = [None] * 6
    file = write(tmp_path / "a.csv", {"age": age, "town": town, "kind": KIND})
    found = read(file)
    assert found.spec.shape == (5,)  # age, three towns, no town
    inputs = torch.cat([in_memory(found.train).inputs, in_memory(found.test).inputs])
    assert int((inputs[:, 0] == 0).sum()) == 2
    assert inputs[:, 4].sum() == 6
    assert (
        "8 missing values in age (2), town (6): the mean of a column of numbers, a category of "
        "its own in one of texts" in found.remarks
    )
    dropped = read(file, missing="drop")
    assert dropped.spec.train + dropped.spec.test == ROWS - 8
    assert "8 missing values in age (2), town (6): 8 rows left out" in dropped.remarks
    with pytest.raises(UserError, match=r"8 missing values in age \(2\), town \(6\)") as fault:
        read(file, missing="refuse")
    assert fault.value.setting == "missing"


def test_a_row_without_a_target_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    kind: list[Any] = [*KIND]
    kind[0] = None
    found = read(write(tmp_path / "a.csv", {"age": AGE, "kind": kind}), missing="refuse")
    assert found.spec.train + found.spec.test == ROWS - 1
    assert "1 row without a target left out" in found.remarks


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=3, max_size=30))
def test_a_column_is_standardised_by_what_is_known_of_its_training_rows(
    values: list[float | None],
) -> None:
    column = np.array([np.nan if v is None else v for v in values])
    train = torch.arange(len(values) - 1)
    known = column[:-1][~np.isnan(column[:-1])]
    encoded = Numbers("x", column).encoded(train)
    if len(set(known.tolist())) < 2:
        assert encoded.constant
        return
    spread = known.std()
    if spread < 1e-9 * np.abs(known).max():
        return  # equal but for rounding: any scale will do
    with np.errstate(over="ignore"):
        expected = np.nan_to_num((column - known.mean()) / spread, nan=0.0).astype(np.float32)
    np.testing.assert_allclose(encoded.inputs[:, 0].numpy(), expected, rtol=1e-4, atol=1e-4)


def test_what_nothing_can_be_learned_from_is_left_out_and_said(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    columns = {
        "age": pa.array(AGE),
        "planet": pa.array(["Earth"] * ROWS),
        "name": pa.array([f"name {i}" for i in range(ROWS)]),
        "born": pa.array([18_000 + i for i in range(ROWS)], pa.date32()),
        "kind": pa.array(KIND),
    }
    parquet.write_table(pa.table(columns), file)
    found = read(file)
    assert found.spec.shape == (1,)
    (said,) = (said for said in found.remarks if said.startswith("left out"))
    assert "name (40 different texts, such as 'name 0')" in said
    assert "born (date32[day] is neither a number nor a text)" in said
    assert "planet (always the same)" in said


def test_a_slip_in_a_column_of_numbers_is_named(tmp_path: Path) -> None:
    size = [*map(str, range(100, 139)), "unknown"]
    found = read(write(tmp_path / "a.csv", {"age": AGE, "size": size, "kind": KIND}))
    assert "left out: size (it would be numbers, but for 'unknown')" in found.remarks


def test_a_category_of_the_test_half_alone_is_none_and_is_said(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", PEOPLE)
    write(tmp_path / "test.csv", {**PEOPLE, "town": ["Nice", *TOWN[1:]]})
    found = read(tmp_path)
    assert (found.spec.train, found.spec.test) == (ROWS, ROWS)
    assert in_memory(found.test).inputs[0, 1:4].tolist() == [0, 0, 0]
    assert "town: Nice only in the test half, there no category at all" in found.remarks


def test_what_pandas_writes_beside_the_data_is_left_out(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.csv", {"": range(ROWS), **PEOPLE}))
    assert found.spec.shape == (5,)
    assert "left out: a column without a name that counts the rows" in found.remarks
    again = read(write(tmp_path / "a.parquet", {**PEOPLE, "__index_level_0__": range(ROWS)}))
    assert again.spec.classes == ("no", "yes")


def test_a_first_line_of_values_is_read_as_a_row(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("".join(f"{i}.5,{i % 7},{'ab'[i % 2]}\n" for i in range(ROWS)))
    found = read(file)
    assert found.spec.train + found.spec.test == ROWS
    assert "the first line has values, not names: the columns are called column 1 to 3" in (
        found.remarks
    )


def test_columns_that_are_called_by_numbers_in_a_row_have_these_as_names(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.csv", {"0": AGE, "1": PRICE, "2": KIND}))
    assert found.spec.train + found.spec.test == ROWS


def test_semicolons_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", PEOPLE, ";")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read(file, target="age").spec.targets == ("age",)


def test_whole_numbers_may_become_others_late_in_a_long_file(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    lines = [f"{i},{'ab'[i % 2]}{'x' * 60}" for i in range(30_000)]
    file.write_text("\n".join(["size,kind", *lines, "0.5,b" + "x" * 60]) + "\n")
    found = read(file)
    assert found.spec.train + found.spec.test == 30_001


GOOD = b"a,b\n" + b"1,x\n2,y\n" * 10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\n\n", "its first line is empty"),
        (b"a,b\n", "it has no rows"),
        (b"a\n1\n2\n", "single column"),
        (b"a,b,a\n1,2,3\n", "several columns are called a"),
        (GOOD + b"3,x,7\n4\n", "line 22 has 3 cells where the first has 2; so it is with 2 lines"),
        (b"a,b\n1,caf\xe9\n", r"line 2 is not UTF-8 \(byte 0xe9\)"),
        ("a,b\n1,x\n".encode("utf-16"), r"line 1 is not UTF-8"),
        (b"a,b\n" + b"1,x\n" * 9, "column b, the target, holds one class only"),
        (b"a,b\n" + b"1,\n" * 9, "column b, the target, is empty"),
        (b"a,b\n" + b"1,x\n1,y\n" * 9, r"no column is left to learn from: a \(always the same\)"),
        (b"a,b\n" + b"1,x\ninf,y\n" * 9, "column a: 9 values infinite, the first in row 2"),
        (b"a,b\n1,x\n2,y\n", "too few"),
        (b"a;b\n0,5;x\n" + b"".join(b"%d,5;y\n" % i for i in range(1, 30)), "a decimal comma"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_refused_in_a_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(UserError, match=words) as fault:
        read(file)
    assert str(file) in str(fault.value)
    assert "\n" not in str(fault.value)


def test_an_unknown_target_is_answered_with_the_name_it_resembles(people: Path) -> None:
    with pytest.raises(UserError, match=r"no column 'knd' \(did you mean kind\?\)") as fault:
        read(people, target="knd")
    assert fault.value.setting == "target"


def test_text_is_no_regression(people: Path) -> None:
    with pytest.raises(UserError, match="column kind is text, which is no regression"):
        read(people, task="regression")


def test_too_many_classes_are_refused(tmp_path: Path) -> None:
    values = {"x": range(1200), "id": range(1200)}
    with pytest.raises(UserError, match="1,200 different values"):
        read(write(tmp_path / "a.csv", values), task="classification")


def test_halves_with_other_columns_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", PEOPLE)
    write(tmp_path / "test.csv", {"age": AGE, "town": TOWN, "member": MEMBER})
    with pytest.raises(UserError, match="do not both have kind"):
        read(tmp_path)


def test_a_damaged_parquet_file_is_refused_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(b"PAR1" + b"junk" * 20)
    with pytest.raises(UserError, match="it cannot be read"):
        read(file)


def test_large_numbers_to_be_told_are_standardised_before_they_are_rounded(tmp_path: Path) -> None:
    seconds = [1_700_000_000.5 + i for i in range(ROWS)]  # in float32, 128 seconds apart
    found = read(write(tmp_path / "times.csv", {"age": AGE, "time": seconds}))
    told = in_memory(found.train).targets[:, 0]
    assert len(told.unique()) == len(told)
    assert told.std(correction=0).item() == pytest.approx(1.0, abs=1e-5)


def test_numbers_beyond_what_is_computed_with_are_refused(tmp_path: Path) -> None:
    large = write(tmp_path / "large.csv", {"age": AGE, "count": [i * 1e38 for i in range(ROWS)]})
    assert in_memory(read(large).train).targets.isfinite().all()  # on a scale of its own
    with pytest.raises(UserError, match=r"large.csv: targets are too large .* float32 ends at"):
        read(large, loss="poisson-nll")


def test_names_that_a_terminal_would_obey_are_spelled_out(tmp_path: Path) -> None:
    kinds = [f"{kind}\x1b[31m\n" for kind in KIND]
    found = read(
        write(tmp_path / "a.csv", {"age": AGE, "\x1bid": list(map(str, AGE)), "kind": kinds})
    )
    assert found.spec.classes == (r"no\x1b[31m\n", r"yes\x1b[31m\n")
    assert all(remark.isprintable() for remark in found.remarks)


def test_settings_for_data_of_another_kind_are_said_to_have_no_effect(people: Path) -> None:
    found = read(people, image_size="28")
    assert found.remarks[0] == ("the image size has no effect: only folders of images are resized")
