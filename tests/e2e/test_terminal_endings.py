"""The ways out of gd-tui: each has its exit status, and leaves the terminal as it was found."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path

from tests.e2e.conftest import ROOT, Open


def test_ctrl_c_leaves_at_once_while_nothing_can_be_lost(open_terminal: Open) -> None:
    terminal = open_terminal("--model", "softmax")
    terminal.wait_for("LOADING")
    terminal.press("ctrl+c")
    assert terminal.exit_status() == 0
    assert terminal.left_clean
    assert terminal.last_words == []


def test_a_signal_to_end_leaves_a_summary(open_terminal: Open, tmp_path: Path) -> None:
    terminal = open_terminal("--model", "softmax", "--start", "--summary", "run.json")
    terminal.wait_for(lambda text: re.search(r"updates +[1-9]", text))
    terminal.send_signal(signal.SIGTERM)
    assert terminal.exit_status() == 130
    assert terminal.left_clean
    [line] = terminal.last_words
    assert "gd-tui resume" in line
    told = json.loads((tmp_path / "run.json").read_text())
    assert told["status"] == "interrupted"
    assert told["updates"] > 0


def test_a_run_that_was_told_so_starts_and_leaves_by_itself(
    open_terminal: Open, tmp_path: Path
) -> None:
    terminal = open_terminal("--start", "--quit", "--updates", "50", "--summary", "run.json")
    assert terminal.exit_status() == 0
    assert terminal.left_clean
    told = json.loads((tmp_path / "run.json").read_text())
    assert (told["status"], told["updates"], told["examples"]) == ("done", 50, 50)
    assert (told["strategy"], told["model"], told["data"]) == ("stochastic", "simplenet", "mnist")
    assert 0 < told["test_accuracy"] < 1


def test_a_damaged_data_file_is_one_line(open_terminal: Open, tmp_path: Path) -> None:
    for package in ("core", "gd_tui", "tui"):
        shutil.copytree(ROOT / package, tmp_path / package)
    damaged = tmp_path / "core" / "data" / "mnist" / "train-labels-idx1-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    terminal = open_terminal(PYTHONPATH=str(tmp_path))
    assert terminal.exit_status() == 2
    assert terminal.left_clean
    [line] = terminal.last_words
    assert line.startswith("gd-tui: ")
    assert str(damaged) in line
