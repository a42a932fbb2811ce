"""`gd-tui run` as a process of its own, on the real MNIST."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "tui"]


def run(surroundings: dict[str, Any], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args], capture_output=True, timeout=120, check=False, **surroundings
    )


def test_three_full_batch_updates_are_summed_up_as_json(
    surroundings: dict[str, Any], tmp_path: Path
) -> None:
    done = run(
        surroundings,
        *("run", "--strategy", "batch", "--updates", "3", "--json", "--summary", "run.json"),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["strategy"], told["batch_size"], told["status"]) == ("batch", 60_000, "done")
    assert (told["updates"], told["examples"], told["epochs"]) == (3, 180_000, 3.0)
    assert told["updates_per_second"] == pytest.approx(3 / told["train_seconds"])
    assert 0.1 < told["test_accuracy"] < 0.5
    assert json.loads((tmp_path / "run.json").read_text()) == told


def test_an_interrupted_process_leaves_its_summary_and_says_130(
    surroundings: dict[str, Any],
) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "--epochs", "1000", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **surroundings,
    ) as process:
        assert process.stderr
        assert process.stdout
        for line in process.stderr:
            if "test accuracy" in line:
                break
        process.send_signal(signal.SIGINT)
        told = json.loads(process.stdout.read())
        assert process.wait(60) == 130
    assert told["status"] == "interrupted"
    assert told["updates"] >= 10_000
    assert told["test_accuracy"] > 0.5


def test_a_reader_that_goes_away_ends_the_run_without_a_traceback(
    surroundings: dict[str, Any], tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "--epochs", "1000", "--summary", "run.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **surroundings,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 130
    assert json.loads((tmp_path / "run.json").read_text())["status"] == "interrupted"
