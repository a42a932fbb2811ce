"""Runs and races that the command line carries out, on a small problem."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from core.steppers.fused.preparation import Preparation
from tests.core.saved import small
from tests.tui.cli_helpers import Call, Said

pytestmark = pytest.mark.usefixtures("small")
assert small


def told(said: Said) -> Any:
    """The object on standard output."""
    assert said.status == 0, said
    return json.loads(said.out.splitlines()[-1])


def test_without_a_terminal_the_app_runs_in_plain_lines_and_says_so_first(
    call: Call, tmp_path: Path
) -> None:
    file = tmp_path / "run.json"
    said = call("--updates", "300", "--start", "--quit", "--summary", str(file))
    assert said.status == 0, said
    lines = said.out.splitlines()
    assert lines[0].startswith("gd-tui: standard input is not a terminal, so this is `gd-tui run`")
    assert lines[-1].startswith("done")
    assert "\x1b" not in said.out
    assert json.loads(file.read_text())["updates"] == 300


def test_a_lane_by_kernels_is_the_very_run_that_it_would_be_alone(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr("core.loading.Preparation", Preparation)
    alone = told(call("run", "--updates", "300", "--seed", "3", "--json"))
    lanes = ("--strategies", "mini-batch,stochastic", "--seed", "3")
    raced = told(call("race", *lanes, "--budget", "updates:300", "--json"))
    run = next(run for run in raced["runs"] if run["name"] == "stochastic")
    for name in (
        "stepper",
        "updates",
        "examples",
        "train_loss",
        "test_loss",
        "test_accuracy",
        "seed",
    ):
        assert run[name] == alone[name]
    assert run["stepper"] == "fused"


def test_training_seconds_are_shared_out_equally_for_each_seed(call: Call) -> None:
    args = ("--optimizers", "sgd,adam", "--budget", "seconds:0.1", "--seeds", "2", "--csv")
    said = call("race", *args)
    assert said.status == 0, said
    read = list(csv.DictReader(io.StringIO(said.out)))
    assert sorted((row["seed"], row["name"]) for row in read) == [
        *(("0", "Adam"), ("0", "SGD"), ("1", "Adam"), ("1", "SGD"))
    ]
    assert {row["budget_spent"] for row in read} == {"0.1"}


def test_a_lane_that_diverges_holds_nobody_up(call: Call) -> None:
    args = ("--model", "perceptron", "--strategy", "stochastic", "--learning-rates", "0.01,1000")
    said = call("race", *args, "--budget", "updates:50", "--json")
    assert "lr 1000: diverged, the loss of update" in said.err
    ended = {run["name"]: (run["status"], run["updates"]) for run in told(said)["runs"]}
    assert ended["lr 0.01"] == ("done", 50)
    assert ended["lr 1000"][0] == "diverged"


@pytest.mark.parametrize("command", ["run", "race"])
def test_a_device_that_is_not_there_is_one_line_and_bad_usage(call: Call, command: str) -> None:
    import torch

    absent = "mps" if torch.cuda.is_available() else "cuda"
    said = call(command, "--device", absent, "--json")
    assert (said.status, said.out) == (2, "")
    complaint = said.err.splitlines()[-1]
    assert complaint.startswith(f"gd-tui: device: {absent} is not available here")
    assert complaint.endswith("(from --device)")
