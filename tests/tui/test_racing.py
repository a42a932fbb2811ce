"""A race without a screen, on engines that show what the test has written for them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.commands import Pause, StartRace
from core.config import RunConfig, configure
from core.errors import UserError
from core.racing.race import DEFAULT_BUDGET, of_strategies
from core.snapshot import Loading, Notice, RunView, Snapshot, State
from tests.tui.lanes import lanes, race
from tests.tui.scripted_engine import InterruptedEngine, ScriptedEngine
from tests.tui.views import run_view
from tui.headless import racing
from tui.headless.racing import Form, Plan

LOADING = Snapshot(1, Loading("reading MNIST", 0.5))
PLAN = Plan(configure({}), of_strategies(configure({})), DEFAULT_BUDGET)


def racers(seconds: float, *states: State, **changes: Any) -> tuple[RunView, ...]:
    """The three lanes after so many seconds, in these states; `changes` are of the first."""
    runs = [replace(run, state=s) for run, s in zip(lanes(seconds), states, strict=True)]
    return (replace(runs[0], **changes), *runs[1:])


def shown(runs: tuple[RunView, ...], *, over: bool = False, **changes: Any) -> Snapshot:
    return Snapshot(0, None, runs, race=race(runs, over=over), **changes)


UNDER_WAY = shown(racers(4.0, *[State.RUNNING] * 3))
OVER = shown(racers(10.0, *[State.FINISHED] * 3), over=True)


def carry_out(*engines: ScriptedEngine, form: Form = "table") -> int:
    """Race with a seed for each of the engines; those are all stopped afterwards."""
    waiting = iter(engines)

    def engine_for(config: RunConfig) -> ScriptedEngine:
        assert not any(engine.running for engine in engines)
        engine = next(waiting)
        engine.config = config  # type: ignore[attr-defined]
        return engine

    try:
        return racing.run(engine_for, replace(PLAN, seeds=len(engines)), form)  # type: ignore[arg-type]
    finally:
        assert not any(engine.running for engine in engines)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """What was said since: `said().out`, `said().err`."""
    return capsys.readouterr  # type: ignore[return-value]


def test_a_race_is_told_from_loading_to_who_is_ahead(said: Any) -> None:
    engine = ScriptedEngine(LOADING, LOADING, UNDER_WAY, OVER)
    assert carry_out(engine) == 0
    lines = said().out.splitlines()
    assert lines[0] == "reading MNIST"
    assert lines[1].startswith("race: SimpleNet 784-128-10 on MNIST, 60,000 training examples;")
    assert lines[1].endswith("10 training seconds each for batch; stochastic; mini-batch 64")
    assert lines[2] == "equal budget: 10 training seconds each"
    assert [line.split("  ")[0] for line in lines[3:7]] == [
        *("run", "stochastic", "mini-batch 64", "batch")
    ]
    assert lines[7] == "ahead: stochastic, 96.1 % of the test set right"
    assert engine.sent == [StartRace(PLAN.lanes, DEFAULT_BUDGET)]
    assert engine.sent_to == [None]


def test_the_plain_table_has_every_figure_with_its_unit_in_line_with_its_heading(
    said: Any,
) -> None:
    carry_out(ScriptedEngine(OVER))
    heading, *rows = said().out.splitlines()[2:6]
    assert {len(row) for row in rows} == {len(heading)}
    for words in ("test loss", "an update", "time to 95 %", "ex. to 80 %", "noise scale", "best"):
        end = heading.index(words) + len(words)
        assert all(row[end : end + 1] in (" ", "") for row in rows)
        assert all(row[end - 1] != " " for row in rows)
    stochastic, _, batch = rows
    assert "96.1 %" in stochastic
    assert "7.50 µs" in stochastic
    assert "not yet" in batch


def test_with_json_standard_output_is_the_object_and_nothing_else(said: Any) -> None:
    assert carry_out(ScriptedEngine(LOADING, UNDER_WAY, OVER), form="json") == 0
    output = said()
    told = json.loads(output.out)
    assert output.out.count("\n") == 1
    assert [run["name"] for run in told["runs"]] == ["stochastic", "mini-batch 64", "batch"]
    assert [run["status"] for run in told["runs"]] == ["done"] * 3
    assert told["budget"] == {"clock": "seconds", "amount": 10.0}
    assert "reading MNIST" in output.err


def test_with_csv_standard_output_is_a_row_for_each_run(said: Any) -> None:
    assert carry_out(ScriptedEngine(LOADING, OVER), form="csv") == 0
    read = list(csv.DictReader(io.StringIO(said().out)))
    assert [(row["name"], row["test_accuracy"]) for row in read] == [
        *(("stochastic", "0.961"), ("mini-batch 64", "0.924"), ("batch", "0.71"))
    ]


def test_each_seed_has_an_engine_of_its_own_and_the_means_come_last(said: Any) -> None:
    engines = [ScriptedEngine(LOADING, OVER), ScriptedEngine(LOADING, OVER)]
    assert carry_out(*engines) == 0
    told = said().out
    assert [engine.config.seed for engine in engines] == [0, 1]  # type: ignore[attr-defined]
    for number, engine in enumerate(engines):
        (start,) = engine.sent
        assert isinstance(start, StartRace)
        assert {lane.config.seed for lane in start.lanes} == {number}
    assert "race 2 of 2: SimpleNet" in told


def test_over_several_seeds_the_means_are_told_with_their_spread(said: Any) -> None:
    luckier = tuple(
        replace(run, config=replace(run.config, seed=1), evaluation=replace(test, accuracy=acc))
        for run, acc in zip(OVER.runs, (0.73, 0.951, 0.93), strict=True)
        if (test := run.evaluation)
    )
    assert carry_out(ScriptedEngine(OVER), ScriptedEngine(shown(luckier, over=True))) == 0
    lines = said().out.splitlines()
    means = lines[lines.index("over all seeds: mean ± standard deviation") + 1 :]
    assert means[0].startswith("run            runs        accuracy")
    assert means[1].startswith("stochastic        2  95.6 % ± 0.7 %")  # 96.1 and 95.1
    assert means[3].startswith("batch             2  72.0 % ± 1.4 %")
    assert means[-1] == "ahead: stochastic, 95.6 % of the test set right"


def test_a_lane_that_diverges_is_a_result_and_said_once(said: Any) -> None:
    states = (State.DIVERGED, State.RUNNING, State.RUNNING)
    why = "the loss of update 8 is not finite"
    fallen = shown(racers(4.0, *states, reason=why))
    over = shown(racers(10.0, State.DIVERGED, *[State.FINISHED] * 2, reason=why), over=True)
    assert carry_out(ScriptedEngine(UNDER_WAY, fallen, fallen, over)) == 0
    told = said().out
    assert told.count(f"batch: diverged, {why}") == 1
    assert "batch (diverged)" in told


def test_a_race_in_which_all_diverge_fails() -> None:
    runs = racers(10.0, *[State.DIVERGED] * 3)
    assert carry_out(ScriptedEngine(shown(runs, over=True)), form="json") == 1


def test_a_run_that_failed_fails_the_race_and_leaves_its_table(said: Any) -> None:
    why = "RuntimeError: out of \x1b[31mmemory"
    runs = racers(10.0, State.FAILED, State.FINISHED, State.FINISHED, reason=why)
    assert carry_out(ScriptedEngine(shown(runs, over=True)), form="json") == 1
    output = said()
    assert r"gd-tui: batch failed: RuntimeError: out of \x1b[31mmemory" in output.err.split("\n")
    statuses = {run["name"]: run["status"] for run in json.loads(output.out)["runs"]}
    assert statuses == {"stochastic": "done", "mini-batch 64": "done", "batch": "failed"}


@pytest.mark.parametrize(
    "broken",
    [
        Snapshot(2, None, error="OSError: no space", fault=OSError("no space")),
        Snapshot(2, None, notice=Notice(1, "OSError: no space")),
        Snapshot(2, None, (run_view(State.FAILED, reason="OSError: no space"),)),
        replace(UNDER_WAY, error="OSError: no space"),
    ],
)
def test_a_race_that_cannot_go_on_is_one_line_with_its_cause(said: Any, broken: Snapshot) -> None:
    assert carry_out(ScriptedEngine(LOADING, broken), ScriptedEngine(OVER), form="json") == 1
    output = said()
    assert output.err.splitlines()[-1] == "gd-tui: the race failed: OSError: no space"
    assert [run["status"] for run in json.loads(output.out)["runs"]] == ["failed"] * 3


def test_what_the_user_can_mend_is_raised_and_prints_no_table(said: Any) -> None:
    fault = UserError("device: there is no cuda here", setting="device")
    engine = ScriptedEngine(LOADING, Snapshot(2, None, error=str(fault), fault=fault))
    with pytest.raises(UserError, match="no cuda"):
        carry_out(engine, form="json")
    assert said().out == ""


def test_an_interrupted_race_pauses_every_lane_and_tells_how_far_it_came(said: Any) -> None:
    paused = shown(racers(5.0, State.PAUSED, State.PAUSED, State.FINISHED))
    engine = InterruptedEngine(LOADING, UNDER_WAY, paused)
    assert carry_out(engine, ScriptedEngine(OVER), form="json") == 130
    told = json.loads(said().out)
    interrupted = {run["name"] for run in told["runs"] if run["status"] == "interrupted"}
    assert interrupted == {"batch", "stochastic"}
    assert {run["seed"] for run in told["runs"]} == {0}  # the other seed's turn never came
    assert engine.sent[1:] == [Pause()] * len(UNDER_WAY.runs)
    assert engine.sent_to[1:] == [run.id for run in UNDER_WAY.runs]


def test_an_interruption_between_two_races_keeps_the_first() -> None:
    assert carry_out(InterruptedEngine(OVER, OVER), ScriptedEngine(OVER), form="json") == 130


def test_a_race_interrupted_while_loading_has_runs_without_figures(said: Any) -> None:
    assert carry_out(InterruptedEngine(LOADING, LOADING), form="json") == 130
    told = json.loads(said().out)["runs"]
    assert {(run["status"], run["updates"]) for run in told} == {("interrupted", 0)}
    assert carry_out(InterruptedEngine(LOADING, LOADING)) == 130
    assert "equal budget" not in said().out


class Deaf(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_progress_that_nobody_reads_ends_the_race(
    said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", Deaf())
    paused = shown(racers(5.0, *[State.PAUSED] * 3))
    assert carry_out(ScriptedEngine(UNDER_WAY, paused), form="json") == 130
    assert {run["status"] for run in json.loads(said().out)["runs"]} == {"interrupted"}
