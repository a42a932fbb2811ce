"""`gd-tui race` as a process of its own, on the real MNIST."""

from __future__ import annotations

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
