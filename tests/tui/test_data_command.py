"""`gd-tui data`: what is shown of data before anything is trained on it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.core.data.own_files import pixels, write_code, write_images
from tests.tui.cli_helpers import Call


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "flats.csv"
    rows = [f"{20 + i},{('Bern', 'Rome')[i % 2]},{1000 + 25 * i}" for i in range(40)]
    file.write_text("\n".join(["size,town,rent", *rows, ",Bern,900"]) + "\n")
    return file


def test_without_a_name_it_lists_what_there_is_and_what_is_read(call: Call) -> None:
    said = call("data")
    assert said.status == 0
    assert "mnist          MNIST: 60,000 training and 10,000 test examples, 1x28x28" in said.out
    assert "and your own: a folder of images, one sub-folder for each class; tables" in said.out


def test_a_table_is_shown_in_its_own_units_with_its_target_last(call: Call, table: Path) -> None:
    said = call("data", str(table), "--target", "size")
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0] == "flats.csv: regression, size"
    assert lines[1] == "32 training and 8 test examples"
    assert lines[2].startswith("inputs 3, from ")
    assert "- 1 row without a target left out" in lines
    (heading,) = (place for place, line in enumerate(lines) if line.endswith("size (target)  "))
    assert lines[heading].split() == ["town", "rent", "size", "(target)"]
    assert lines[heading + 1].split() == ["Bern", "1000", "20"]


def test_missing_values_and_the_scale_of_the_target_are_said(call: Call, table: Path) -> None:
    out = call("data", str(table)).out
    assert re.search(r"rent as the network is to tell it: from -[\d.]+ to [\d.]+, mean 0\n", out)
    assert "- 1 missing value in size: the mean of the column stands for them" in out
    assert "rent is standardised: 0 is " in out


def test_pictures_are_drawn_and_classes_counted(call: Call, tmp_path: Path) -> None:
    images = np.zeros((10, 8, 8), np.uint8)
    images[:, :, 4:] = 255
    write_images(tmp_path / "half" / "right", images)
    write_images(tmp_path / "half" / "left", images[:5, :, ::-1].copy())
    said = call("data", str(tmp_path / "half"))
    assert said.status == 0
    assert said.out.startswith("half: classification, 2 classes\n")
    lines = [line.split() for line in said.out.splitlines()]
    assert ["left", "4", "1", "█" * 15] in lines
    assert ["right", "8", "2", "█" * 30] in lines
    drawn = [line for line in said.out.splitlines() if "█" * 8 in line and "left" not in line]
    assert any(set(line.strip()) <= {"█", " "} for line in drawn)
    assert said.out.splitlines()[-1].split()[0] in ("left", "right")


def test_json_has_the_figures(call: Call, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_images(tmp_path / "images" / name, pixels(10, 4, 4))
    said = call("data", str(tmp_path / "images"), "--json", "--image-size", "6x5")
    found = json.loads(said.out)
    assert found["title"] == "images"
    assert (found["task"], found["shape"]) == ("classification", [1, 6, 5])
    assert found["classes"] == [
        {"name": "a", "train": 8, "test": 2},
        {"name": "b", "train": 8, "test": 2},
    ]
    assert found["inputs"]["looked_at"] == 16
    assert -1 <= found["inputs"]["low"] < found["inputs"]["mean"] < found["inputs"]["high"] <= 1
    assert found["remarks"] == ["20 of 20 images resized to 6x5 pixels, not keeping their aspect"]


def test_numbers_that_are_neither_picture_nor_row_are_listed(call: Call, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(200.0).reshape(20, 10), y=np.arange(20) % 2)
    out = call("data", str(tmp_path / "a.npz")).out.splitlines()
    (heading,) = (place for place, line in enumerate(out) if line.rstrip().endswith("target"))
    assert out[heading].split() == [*map(str, range(1, 9)), "target"]
    assert len(out[heading + 1].split()) == 9


def test_the_catalogue_is_shown_too(call: Call) -> None:
    said = call("data", "MNIST")
    assert said.out.startswith("MNIST: classification, 10 classes\n60,000 training and 10,000")


def test_what_the_files_say_moves_no_terminal(call: Call, tmp_path: Path) -> None:
    rows = [f"{i},\x1b[31m{'ab'[i % 2]}" for i in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["x,\x1b]0;title\x07", *rows]) + "\n")
    said = call("data", str(tmp_path / "a.csv"))
    assert said.status == 0
    assert "\x1b" not in said.out
    assert r"\x1b[31ma" in said.out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nothing.csv",), "there is no such file or folder (from the command line)"),
        (("mnst",), "did you mean mnist?"),
        (("{table}", "--target", "rnt"), "did you mean rent?); there are size, town, rent (from"),
        (("{table}", "--missing", "refuse"), "1 missing value in size"),
        (("{table}", "--test-share", "2"), "from --test-share"),
        (("{code}",), "mine.py, line 1: ZeroDivisionError: division by zero (from the command"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    call: Call, tmp_path: Path, table: Path, args: tuple[str, ...], words: str
) -> None:
    places = {"table": table, "code": write_code(tmp_path, "def make(): return 1 / 0")}
    said = call("data", *(arg.format(**places) for arg in args))
    assert said.status == 2
    complaint = said.err.splitlines()[-1]  # before it stands what was being read
    assert complaint.startswith("gd-tui: ")
    assert words in complaint


def test_an_option_for_reading_comes_from_the_environment_too(
    call: Call, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GD_TUI_TARGET", "town")
    assert call("data", str(table)).out.startswith("flats.csv: classification, 2 classes")
