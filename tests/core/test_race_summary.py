"""The table of a race: valid JSON under names that others rely on, and the same as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import configure
from core.racing.race import Budget, Lane
from core.racing.summary import Row, best_first, csv_rows, figure, run_row, table
from core.snapshot import Clock, Evaluation, Moment, NoiseScale, RunView, State, Steadiness
from core.strategies import STRATEGIES
from core.summary import Status, summary
from tests.core.test_summary import view

LANE = Lane("mini-batch 60", configure({"batch_size": 60, "seed": 5}))
BUDGET = Budget(Clock.SECONDS, 10.0)
ADDED = [
    *("budget_spent", "seconds_per_update", "trembling", "cosine", "detour", "noise_scale"),
    *("best_accuracy", "best_r2", "reached"),
]


def racer(**changes: Any) -> RunView:
    """A run of 100 updates in two seconds, of which all was measured that a race tells."""
    at = Moment(100, 6000, 2.0, 0.1)
    measured = {
        "trembling": 0.25,
        "seconds_per_update": dict.fromkeys(STRATEGIES, 0.02),
        "steadiness": Steadiness(0.125, 3.5, 16, at, 0.01),
        "noise_scale": NoiseScale(150.0, at, 0.02),
        "best": Evaluation(at, 0.375, 0.9375),
        "reached": {0.8: Moment(20, 1200, 0.5, 0.02), 0.9: at},
    }
    return view(**{**measured, **changes})


def row(seed: int = 0, name: str = "batch", status: Status = Status.DONE, **figures: Any) -> Row:
    """The row of a run, with some of its figures replaced."""
    lane = Lane(name, configure({"seed": seed}))
    return {**run_row(lane, None, 10.0, status), **figures}


def test_a_run_has_the_names_of_a_runs_summary_and_those_of_the_table() -> None:
    run = racer()
    told = run_row(LANE, run, 2.0, Status.INTERRUPTED)
    alone = summary(LANE.config, run, Status.DONE)
    assert list(told) == ["name", *alone, *ADDED]
    assert {name: told[name] for name in alone} == alone


def test_a_run_tells_what_was_measured_of_it() -> None:
    told = run_row(LANE, racer(), 2.0, Status.INTERRUPTED)
    assert told["name"] == "run 1"
    assert told["budget_spent"] == 2.0
    assert told["seconds_per_update"] == 2.0 / 100
    assert (told["trembling"], told["cosine"], told["detour"]) == (0.25, 0.125, 3.5)
    assert (told["noise_scale"], told["best_accuracy"]) == (150.0, 0.9375)
    assert told["reached"] == {
        "0.8": {"seconds": 0.5, "examples": 1200, "updates": 20},
        "0.9": {"seconds": 2.0, "examples": 6000, "updates": 100},
        "0.95": None,
    }


def test_what_was_never_measured_or_is_not_finite_is_none() -> None:
    at = Moment(0, 0, 0.0, 0.0)
    wild = racer(
        at=at,
        trembling=math.inf,
        steadiness=None,
        noise_scale=NoiseScale(None, at, 0.02),
        best=Evaluation(at, math.nan, math.nan),
        seconds_per_update={},
        reached={},
        train_loss=math.nan,
    )
    told = run_row(LANE, wild, 0.0, Status.INTERRUPTED)
    assert [told[name] for name in ADDED[1:-1]] == [None] * 7
    assert set(told["reached"].values()) == {None}
    json.dumps(table(BUDGET, [[told]]), allow_nan=False)


@pytest.mark.parametrize(
    ("state", "status"),
    [(State.FINISHED, "done"), (State.DIVERGED, "diverged"), (State.PAUSED, "interrupted")],
)
def test_a_run_says_how_it_ended(state: State, status: str) -> None:
    assert run_row(LANE, racer(state=state), 2.0, Status.INTERRUPTED)["status"] == status


def test_a_lane_that_never_began_has_its_name_its_settings_and_nothing_measured() -> None:
    told = run_row(LANE, None, None, Status.FAILED)
    assert (told["name"], told["status"], told["seed"]) == ("mini-batch 60", "failed", 5)
    assert (told["updates"], told["best_accuracy"]) == (0, None)


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.sampled_from([0.1, 0.9, 0.95])),
            st.one_of(st.none(), st.sampled_from([0.2, 0.3, 2.3])),
        )
    )
)
def test_the_standing_is_by_accuracy_then_loss_and_who_was_not_tested_is_last(
    figures: list[tuple[float | None, float | None]],
) -> None:
    rows = [{"test_accuracy": accuracy, "test_loss": loss} for accuracy, loss in figures]
    ordered = best_first(rows)
    assert sorted(map(id, ordered)) == sorted(map(id, rows))
    for better, worse in pairwise(ordered):
        if better["test_accuracy"] == worse["test_accuracy"]:
            assert (better["test_loss"] or math.inf) <= (worse["test_loss"] or math.inf)
        else:
            assert (better["test_accuracy"] or 0) > (worse["test_accuracy"] or 0)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=6))
def test_the_mean_and_the_spread_of_a_lane_are_those_of_numpy(losses: list[float]) -> None:
    heats = [[row(seed, train_loss=loss)] for seed, loss in enumerate(losses)]
    (lane,) = table(BUDGET, heats)["lanes"]
    assert (lane["n"], lane["seeds"]) == (len(losses), list(range(len(losses))))
    assert lane["mean"]["train_loss"] == pytest.approx(np.mean(losses))
    assert lane["spread"]["train_loss"] == pytest.approx(np.std(losses, ddof=1), abs=1e-6)


def test_a_figure_that_not_every_seed_has_has_no_mean() -> None:
    soon = {"0.8": {"seconds": 1.0, "examples": 100, "updates": 10}, "0.9": None, "0.95": None}
    later = {**soon, "0.9": {"seconds": 3.0, "examples": 300, "updates": 30}}
    heats = [[row(0, cosine=0.5, reached=soon)], [row(1, cosine=None, reached=later)]]
    (lane,) = table(BUDGET, heats)["lanes"]
    for of in (lane["mean"], lane["spread"]):
        assert of["cosine"] is None
        assert of["reached"]["0.9"] == {"updates": None, "examples": None, "seconds": None}
    assert lane["mean"]["reached"]["0.8"] == {"updates": 10, "examples": 100, "seconds": 1.0}


def test_the_spread_over_one_run_is_unknown() -> None:
    (lane,) = table(BUDGET, [[row(test_loss=0.5)]])["lanes"]
    assert lane["mean"]["test_loss"] == 0.5
    assert lane["spread"]["test_loss"] is None


def test_only_runs_that_went_as_far_as_they_could_count_for_their_lane() -> None:
    ends = (Status.DONE, Status.DIVERGED, Status.INTERRUPTED, Status.FAILED)
    heats = [[row(n, status=end, test_accuracy=n / 10)] for n, end in enumerate(ends)]
    (lane,) = table(BUDGET, heats)["lanes"]
    assert (lane["n"], lane["seeds"]) == (2, [0, 1])
    assert lane["mean"]["test_accuracy"] == pytest.approx(0.05)


def test_runs_stand_heat_by_heat_and_lanes_by_their_means_the_best_first() -> None:
    heats = [
        [row(0, "batch", test_accuracy=0.7), row(0, "stochastic", test_accuracy=0.6)],
        [row(1, "batch", test_accuracy=0.1), row(1, "stochastic", test_accuracy=0.9)],
    ]
    told = table(BUDGET, heats)
    assert told["budget"] == {"clock": "seconds", "amount": 10.0}
    assert [(run["seed"], run["name"]) for run in told["runs"]] == [
        *((0, "batch"), (0, "stochastic"), (1, "stochastic"), (1, "batch"))
    ]
    assert [lane["name"] for lane in told["lanes"]] == ["stochastic", "batch"]


def test_a_figure_of_what_was_not_reached_is_none() -> None:
    told = run_row(LANE, racer(), 2.0, Status.DONE)
    assert figure(told, "reached", "0.8", "seconds") == 0.5
    assert figure(told, "reached", "0.95", "seconds") is None


def test_csv_has_a_row_for_each_run_with_the_figures_of_the_json() -> None:
    heats = [[run_row(LANE, racer(), 2.0, Status.DONE), row(5)]]
    told = table(BUDGET, heats)
    file = io.StringIO()
    csv.writer(file).writerows(csv_rows(told))
    read = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [each["name"] for each in read] == ["run 1", "batch"]
    for each, run in zip(read, told["runs"], strict=True):
        assert None not in each  # no more cells than names
        assert each["budget"] == "seconds:10"
        for name in set(run) - {"events", "reached"}:
            assert each[name] == ("" if run[name] is None else str(run[name]))
    assert read[0]["reached_0.8_seconds"] == "0.5"
    assert read[0]["reached_0.9_examples"] == "6000"
    assert read[0]["reached_0.95_updates"] == ""
