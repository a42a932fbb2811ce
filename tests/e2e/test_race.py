"""`gd-tui race` as a process of its own, on the real MNIST."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from typing import Any

COMMAND = [sys.executable, "-m", "tui"]


def gd_tui(surroundings: dict[str, Any], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args], capture_output=True, timeout=120, check=False, **surroundings
    )


def test_the_three_strategies_race_for_twenty_updates_each(surroundings: dict[str, Any]) -> None:
    done = gd_tui(surroundings, "race", "--budget", "updates:20", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["budget"] == {"clock": "updates", "amount": 20.0}
    runs = {run["strategy"]: run for run in told["runs"]}
    sizes = {"batch": 60_000, "stochastic": 1, "mini-batch": 64}
    assert {name: run["examples"] for name, run in runs.items()} == {
        name: 20 * size for name, size in sizes.items()
    }
    assert {(run["updates"], run["budget_spent"], run["status"]) for run in told["runs"]} == {
        (20, 20.0, "done")
    }
    right = [run["test_accuracy"] for run in told["runs"]]
    assert right == sorted(right, reverse=True)
    assert runs["batch"]["seconds_per_update"] > 10 * runs["stochastic"]["seconds_per_update"]
    assert runs["batch"]["cosine"] > runs["stochastic"]["cosine"]


def test_a_lane_is_the_very_run_that_it_would_be_alone(surroundings: dict[str, Any]) -> None:
    alone = gd_tui(surroundings, "run", "--updates", "300", "--seed", "3", "--json")
    lanes = ("--strategies", "mini-batch,stochastic", "--seed", "3")
    raced = gd_tui(surroundings, "race", *lanes, "--budget", "updates:300", "--json")
    told = json.loads(alone.stdout)
    run = next(r for r in json.loads(raced.stdout)["runs"] if r["name"] == "stochastic")
    for name in ("updates", "examples", "train_loss", "test_loss", "test_accuracy", "seed"):
        assert run[name] == told[name]


def test_training_seconds_are_shared_out_equally_for_each_seed(
    surroundings: dict[str, Any],
) -> None:
    args = ("--optimizers", "sgd,adam", "--budget", "seconds:0.2", "--seeds", "2", "--csv")
    done = gd_tui(surroundings, "race", *args)
    assert done.returncode == 0, done.stderr
    read = list(csv.DictReader(io.StringIO(done.stdout)))
    assert sorted((row["seed"], row["name"]) for row in read) == [
        *(("0", "Adam"), ("0", "SGD"), ("1", "Adam"), ("1", "SGD"))
    ]
    assert {row["budget_spent"] for row in read} == {"0.2"}


def test_an_interrupted_race_leaves_its_table_and_says_130(surroundings: dict[str, Any]) -> None:
    with subprocess.Popen(
        [*COMMAND, "race", "--strategies", "stochastic,mini-batch", "--seeds", "2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **surroundings,
    ) as process:
        assert process.stderr
        assert process.stdout
        for line in process.stderr:
            if line.startswith("race 1 of 2: SimpleNet"):
                break
        process.send_signal(signal.SIGINT)
        told = json.loads(process.stdout.read())
        assert process.wait(60) == 130
    assert [(run["seed"], run["status"]) for run in told["runs"]] == [(0, "interrupted")] * 2
    assert {lane["n"] for lane in told["lanes"]} == {0}


def test_a_device_that_is_not_there_is_one_line_and_bad_usage(
    surroundings: dict[str, Any],
) -> None:
    import torch

    absent = "mps" if torch.cuda.is_available() else "cuda"
    done = gd_tui(surroundings, "race", "--device", absent, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith("(from --device)")


def test_a_lane_that_diverges_holds_nobody_up(surroundings: dict[str, Any]) -> None:
    args = ("--model", "perceptron", "--strategy", "stochastic", "--learning-rates", "0.01,1000")
    done = gd_tui(surroundings, "race", *args, "--budget", "updates:50", "--json")
    assert done.returncode == 0, done.stderr
    assert "lr 1000: diverged, the loss of update" in done.stderr
    ended = {
        run["name"]: (run["status"], run["updates"]) for run in json.loads(done.stdout)["runs"]
    }
    assert ended["lr 0.01"] == ("done", 50)
    assert ended["lr 1000"][0] == "diverged"
