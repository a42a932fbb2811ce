"""Runs in a real terminal that outlive their process: killed, gone on with, replayed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Open
from tests.e2e.terminal import PATIENCE, Terminal


def folder_of(tmp_path: Path) -> Path:
    """The folder of the one run that there is."""
    (folder,) = (tmp_path / "runs").iterdir()
    return folder


def status_of(tmp_path: Path) -> dict[str, Any]:
    """How the one run stood when it was saved last."""
    status: dict[str, Any] = json.loads((folder_of(tmp_path) / "status.json").read_text())
    return status


def wait_until(met: Callable[[], bool]) -> None:
    """Wait for what stands in files, of which nothing tells."""
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # another process writes them, and sends no word of it


def hashes(folder: Path) -> list[tuple[int, str]]:
    """The updates and the hashes of the weights in a run's journal."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return [(line["update"], line["sha256"]) for line in lines if line["what"] == "weights"]


def record(terminal: Terminal) -> None:
    """Train by hand, with changes of all kinds, up to a pause."""
    terminal.wait_for("READY")
    for key, wanted in (
        ("e", "RUNNING"),
        ("3", "strategy stochastic → mini-batch"),
        ("+", "learning rate 0.01 → 0.0126"),
        ("]", "batch size 64 → 128"),
    ):
        terminal.press(key)
        terminal.wait_for(wanted)
    terminal.wait_for("PAUSED")


def replays_to_the_same_weights(folder: Path, surroundings: dict[str, Any]) -> bool:
    """Whether another process comes to every hash that stands in the journal."""
    command = [sys.executable, "-m", "tui", "replay", folder.name, "--json"]
    replay = subprocess.run(command, capture_output=True, check=False, **surroundings)
    assert replay.returncode == 0, replay.stdout + replay.stderr
    told = json.loads(replay.stdout.splitlines()[-1])
    compared = told["compared"], told["different"], told["updates"]
    return compared == (len(hashes(folder)), 0, hashes(folder)[-1][0])


def play(replay: Terminal) -> None:
    """See what was recorded go by, in which one cannot steer, but from which one can fork."""
    replay.wait_for("replay ×3")
    replay.wait_for("learning rate 0.01 → 0.0126")
    replay.wait_for("hash")
    replay.wait_for("of the weights the same")
    replay.press("+")
    replay.wait_for("a replay goes as it was recorded")
    replay.press("f")
    replay.wait_for("run 2")


def test_a_run_that_was_killed_goes_on_with_its_curve_whole_and_is_replayed(
    open_terminal: Open, tmp_path: Path, surroundings: dict[str, Any]
) -> None:
    terminal = open_terminal("--autosave", "0.5", "--eval-every", "epoch")
    record(terminal)
    for state in ("paused", "running"):  # that is saved, and then this
        wait_until(lambda state=state: status_of(tmp_path)["state"] == state)
        if state == "paused":
            terminal.press(" ")
    terminal.send_signal(signal.SIGKILL)
    terminal.exit_status()
    folder = folder_of(tmp_path)
    saved = status_of(tmp_path)["updates"]

    again = open_terminal("resume", "--autosave", "0.5")
    text = again.wait_for("resumed from its save")
    assert "stochastic" in text  # the first part of the curve, and its mark, are there
    assert "mini-batch 128" in text
    again.wait_for("RUNNING")  # as it was
    again.press(" ")
    again.wait_for("PAUSED")
    wait_until(lambda: hashes(folder)[-1][0] > saved)
    again.press("q")
    again.wait_for("They are saved")
    again.press("q")
    assert again.exit_status() == 0
    assert again.last_words[-1].endswith(f"gd-tui resume {folder.name} goes on with it")

    assert replays_to_the_same_weights(folder, surroundings)
    play(open_terminal("replay", folder.name, "--speed", "3"))
