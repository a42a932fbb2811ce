"""A run that is saved and taken up again is the run that nobody interrupted, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.commands import (
    Advance,
    BringBack,
    Change,
    Drop,
    FinishEpoch,
    Fork,
    GoBack,
    Pause,
    Redo,
    Rename,
    Reset,
    Return,
    ShowDigits,
    Start,
    StartExperiment,
    Undo,
)
from core.config import OF_THE_DRIVE, ORDERS, SETTINGS, configure
from core.engine import Engine
from core.optimizers.table import OPTIMIZERS
from core.saving.keeper import saved_of
from core.saving.plan import Plan
from core.saving.resume import find, newest
from core.snapshot import State
from tests.core.conftest import same_bits
from tests.core.saved import (
    TRAIN,
    asked,
    begun,
    folder_of,
    folders,
    journal_of,
    rested,
    resumed,
    saved_weights,
    seen,
    small,
    the_run,
    trained_weights,
)

pytestmark = pytest.mark.usefixtures("small")
assert small

BEFORE = (Advance(33),)
AFTER = (Advance(120), Change("strategy", "batch"), Advance(2), Change("batch_size", 5), Advance(9))

HISTORIES: dict[str, tuple[dict[str, Any], Sequence[Any]]] = {
    **{f"optimizer {name}": ({"optimizer": name}, BEFORE) for name in OPTIMIZERS},
    **{f"order {name}": ({"order": name}, BEFORE) for name in ORDERS},
    "momentum": ({"momentum": 0.9, "nesterov": True}, BEFORE),
    "amsgrad": ({"optimizer": "adamw", "amsgrad": True, "batch_size": 8}, BEFORE),
    "centred": ({"optimizer": "rmsprop", "centered": True, "momentum": 0.5}, BEFORE),
    "batch": ({"strategy": "batch"}, (Advance(3),)),
    "mini-batch at the end of an epoch": ({"batch_size": 10}, (FinishEpoch(),)),
    "LeNet is none here, but a perceptron": ({"model": "perceptron", "widths": "9,7"}, BEFORE),
    "softmax": ({"model": "softmax"}, BEFORE),
    "cosine": ({"schedule": "cosine", "warmup": 0.2, "decay_epochs": 2}, BEFORE),
    "a schedule chosen later": ({}, (*BEFORE, Change("schedule", "step"), Advance(20))),
    "an order chosen in mid-epoch": ({}, (*BEFORE, Change("order", "fixed"), Advance(20))),
    "replacement chosen in mid-epoch": ({}, (*BEFORE, Change("order", "replacement"), Advance(9))),
    "an order just chosen": ({}, (*BEFORE, Change("order", "sequential"))),
    "an optimizer just chosen": ({"optimizer": "adam"}, (*BEFORE, Change("optimizer", "nadam"))),
    "a schedule just chosen": ({}, (*BEFORE, Change("schedule", "exponential"))),
    "a memory just switched off": (
        {"optimizer": "adam", "amsgrad": True},
        (*BEFORE, Change("amsgrad", False)),
    ),
    "what was taken back": ({}, (*BEFORE, Change("lr", 0.1), Advance(9), Undo())),
    "what was done again": ({}, (*BEFORE, Change("lr", 0.1), Advance(9), Undo(), Redo())),
    "another seed": ({}, (*BEFORE, Reset(7), Advance(5))),
    "settings of the drive": (
        {"speed": 1e6, "snapshot_every": 5, "snapshot_memory": 3, "eval_every": 20},
        (*BEFORE, Change("epochs", 500), Change("target_accuracy", 1)),
    ),
}


def story(engine: Engine) -> dict[str, Any]:
    """All that is known of a run, but for the clocks of wall time."""
    run = the_run(engine)
    record = run.trainer.record
    curves = {
        name: [(curve.mean.tolist(), curve.count.tolist()) for curve in series.curves().values()]
        for name, series in record.series.items()
    }
    return {
        "at": run.trainer.at,
        "config": run.trainer.config,
        "state": (run.state, run.reason, run.name, run.goal, run.trainer.diverged),
        "phases": record.phases,
        "evaluations": (record.evaluation, record.best, record.lowest_test_loss, record.reached),
        "curves": curves,
        "costs": record.costs,
        "window": [each.tolist() for each in record.window.all()],
        "schedule": run.trainer.schedule,
        "rate": run.trainer.learning_rate,
        "sampler": (run.trainer.sampler.cursor, run.trainer.sampler.epochs_done),
        "events": record.events,
        "measured": (run.prober.steadiness, run.prober.noise_scale),
    }


@pytest.mark.parametrize("name", HISTORIES)
def test_what_is_taken_up_is_what_was_left_and_trains_on_alike(name: str, tmp_path: Path) -> None:
    given, commands = HISTORIES[name]
    engine = begun(tmp_path, **given)
    asked(engine, *commands)
    left = story(engine)
    engine.close()
    again = resumed(engine.folders[0])
    found = story(again)
    assert found["events"][-1].what == "resumed"
    assert {**found, "events": found["events"][:-1]} == left
    assert same_bits(trained_weights(again), trained_weights(engine))
    for each in (engine, again):
        optimizer = the_run(each).trainer.config.optimizer
        asked(each, Advance(7), Change("optimizer", "sgd"), Change("optimizer", optimizer), *AFTER)
        asked(each, Change("order", "reshuffled"), Advance(TRAIN))
    assert same_bits(trained_weights(again), trained_weights(engine))
    again.close()


def test_a_change_taken_back_at_the_very_update_leaves_no_trace_after_a_resume(
    tmp_path: Path,
) -> None:
    engine = begun(tmp_path, optimizer="adam", order="fixed", schedule="cosine", batch_size=8)
    asked(engine, Advance(14))
    plain = begun(None, optimizer="adam", order="fixed", schedule="cosine", batch_size=8)
    asked(plain, Advance(14), Advance(30))
    changes = Change("optimizer", "sgd"), Change("schedule", "step"), Change("order", "reshuffled")
    asked(engine, *changes)
    engine.close()
    again = resumed(engine.folders[0])
    back = Change("optimizer", "adam"), Change("schedule", "cosine"), Change("order", "fixed")
    asked(again, *back, Advance(30))
    assert same_bits(trained_weights(again), trained_weights(plain))
    again.close()


def test_a_run_is_taken_up_a_second_time_and_a_third(tmp_path: Path) -> None:
    plain = begun(None, optimizer="adam", batch_size=9)
    asked(plain, Advance(100))
    engine = begun(tmp_path, optimizer="adam", batch_size=9)
    asked(engine, Advance(10))
    for _ in range(9):
        engine.close()
        engine = resumed(engine.folders[0])
        asked(engine, Advance(10))
    assert same_bits(trained_weights(engine), trained_weights(plain))
    _, lines = journal_of(engine)
    assert sum(line.what == "resumed" for line in lines) == 9
    assert [line.seconds for line in lines] == sorted(line.seconds for line in lines)
    engine.close()


def test_a_goal_goes_on_until_it_is_reached(tmp_path: Path) -> None:
    engine = begun(tmp_path, 0.0)
    engine.send(Advance(1500))
    while the_run(engine).trainer.updates < 100:
        engine.turn()
    engine.close()
    again = resumed(engine.folders[0])
    asked(again)
    while not again.at_rest:
        again.turn()
    assert the_run(again).trainer.updates == 1500
    assert the_run(again).state is State.PAUSED
    again.close()


@pytest.mark.parametrize(
    "limit", [{"updates": 40}, {"epochs": 2}, {"target_accuracy": 0.2}, {"updates": 14}]
)
def test_a_run_stops_where_it_would_have_wherever_it_was_left(
    tmp_path: Path, limit: dict[str, Any]
) -> None:
    plain = begun(None, batch_size=7, **limit)
    turns = worked(plain, 100_000)
    for number in {*range(1, turns, 1 + turns // 6), *range(max(1, turns - 4), turns + 1)}:
        engine = begun(tmp_path / str(number), batch_size=7, **limit)
        worked(engine, number)
        engine.close()
        if the_run(engine).trainer.updates:
            again = rested(resumed(engine.folders[0]))
            assert ending(again) == ending(plain)
            assert same_bits(trained_weights(again), trained_weights(plain))
            again.close()


def worked(engine: Engine, turns: int) -> int:
    """Let it train for so many turns, or until it rests; how many it took."""
    engine.send(Start())
    for turn in range(turns):
        if turn and engine.at_rest:
            return turn
        engine.turn()
    return turns


def ending(engine: Engine) -> tuple[Any, ...]:
    run = the_run(engine)
    tested = run.trainer.record.evaluation
    assert tested
    judged = tested.at.updates, tested.loss, tested.accuracy
    return run.state, run.reason, run.trainer.updates, run.trainer.examples, judged


def test_nothing_is_saved_of_a_run_without_an_update(tmp_path: Path) -> None:
    engine = begun(tmp_path / "runs", 0.0)
    asked(engine, Change("lr", 0.1), Rename("mine"), ShowDigits(3))
    seen(engine)
    engine.close()
    assert folders(tmp_path / "runs") == []


def test_it_is_saved_by_time_while_it_trains_and_at_every_change(tmp_path: Path) -> None:
    now = [0.0]
    engine = Engine(configure({"eval_every": "epoch"}), saving=Plan(tmp_path, 10.0, gap=0.0))
    engine._clock = lambda: now[0]
    engine.load()
    engine.send(Start())
    saved = []
    for _ in range(250):
        engine.turn()
        assert engine._keeper
        engine._keeper.flush()
        now[0] += 0.25
        told = engine._keeper.saving(the_run(engine))
        if told and told.at and (not saved or saved[-1][1] != told.at):
            saved.append((now[0], told.at))
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(saved)]
    assert all(10.0 <= gap <= 10.5 for gap in gaps)
    assert len(gaps) > 3
    engine.send(Change("lr", 0.02))
    engine.turn()
    now[0] += 0.5
    engine.turn()
    engine._keeper.flush()
    assert newest(engine.folders[0]).config.learning_rate == 0.02
    engine.send(Pause())
    engine.close()


def test_whatever_is_left_at_the_end_is_saved(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(20), Rename("mine"))
    engine.close()
    saved = newest(engine.folders[0]).saved
    assert saved.name == "mine"
    assert saved.checkpoint.record.evaluation == the_run(engine).trainer.record.evaluation


def test_two_checkpoints_stay_and_the_status_tells_of_the_latest(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    for _ in range(5):
        asked(engine, Advance(10))
        folder = folder_of(engine)
    assert [find(path).saved.checkpoint.at.updates for path in folder.checkpoints()] == [50, 40]
    assert not [path for path in folder.path.iterdir() if path.name.endswith(".tmp")]
    status, view = folder.status(), seen(engine)
    assert status["updates"] == view.at.updates == 50
    assert (status["state"], status["name"], status["model"]) == ("paused", "run 1", "simplenet")
    assert status["strategy"] == "stochastic"
    assert status["learning_rate"] == 0.01
    engine.close()


def test_every_command_that_decides_weights_stands_in_the_journal(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(20), Change("lr", 0.02), Change("lr", 0.02), Advance(5), Undo(), Redo())
    asked(engine, Change("batch_size", 7), FinishEpoch(), GoBack(), Return(0))
    engine.send(Start())
    asked(engine, Pause(), Reset(3), Advance(2))
    heading, lines = journal_of(engine)
    told = [(line.what, line.update) for line in lines if line.what not in ("metrics", "weights")]
    whats = [what for what, _ in told if what not in ("rest", "means")]
    assert whats == [
        "advance", "change", "advance", "return", "return", "change", "finishepoch",
        "return", "return", "start", "pause", "reset", "advance",
    ]  # fmt: skip
    assert heading.config == configure({"eval_every": "epoch"})
    assert (heading.start, heading.first, heading.data.train) == ("", 0, TRAIN)
    (change, size) = [line.told for line in lines if line.what == "change"]
    assert (change.any("setting"), change.any("value")) == ("lr", 0.02)
    assert (size.any("setting"), size.any("value")) == ("batch_size", 7)
    engine.close()


def test_a_fork_has_a_folder_of_its_own_that_begins_with_a_checkpoint(tmp_path: Path) -> None:
    engine = begun(tmp_path, optimizer="adam")
    asked(engine, Advance(20), Fork(), Change("lr", 0.02), Advance(10))
    parent, child = folder_of(engine, 0), folder_of(engine, 1)
    heading, lines = journal_of(engine, 1)
    assert heading.start == "start"
    assert heading.config.learning_rate == 0.001
    assert [line.told.any("setting") for line in lines if line.what == "change"] == ["lr"]
    start = find(child.attached("start")).saved.checkpoint
    assert start.at.updates == 20
    assert same_bits(list(start.weights.values()), saved_weights(parent))
    assert same_bits(saved_weights(child), trained_weights(engine, 1))
    assert newest(child).saved.parent == "run 1"
    asked(engine, Undo(), Return(0))  # to moments of the parent's: the journal has them beside it
    _, lines = journal_of(engine, 1)
    files = [line.told.fields("to") for line in lines if line.what == "return"]
    assert [
        find(child.attached(to.text("file"))).saved.checkpoint.at.updates
        for to in files
        if "file" in to
    ]
    engine.close()


def test_a_run_forked_from_its_save_leaves_the_other_as_it_is(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(20))
    folder = folder_of(engine)  # and its engine holds it still
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    other = resumed(folder, fork=True)
    asked(other, Advance(10))
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before
    assert folder_of(other).path != folder.path
    asked(engine, Advance(10))
    assert same_bits(trained_weights(other), trained_weights(engine))
    engine.close()
    other.close()


def test_runs_put_away_for_good_are_saved_as_they_were_then(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(5))
    for number in range(10):
        asked(engine, Fork(), Advance(1 + number), Drop())
    asked(engine, Advance(1))
    seen(engine)
    at = sorted(newest(folder).saved.checkpoint.at.updates for folder in folders(tmp_path))
    assert at == sorted([6, *(6 + number for number in range(10))])
    asked(engine, BringBack(), Advance(1))
    assert len(folders(tmp_path)) == 11
    engine.close()


def test_the_run_of_the_experiment_is_taken_up_with_its_few_examples(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    engine.send(StartExperiment())
    while the_run(engine).trainer.updates < 3:
        engine.turn()
    engine.close()
    again = resumed(engine.folders[0])
    assert the_run(again).trainer.sampler.n == the_run(engine).trainer.sampler.n
    asked(again, Pause(), Advance(3))
    assert saved_of(the_run(again))
    again.close()


def test_settings_that_only_steer_are_taken_up_too(tmp_path: Path) -> None:
    engine = begun(tmp_path, epochs=50, speed=500.0, snapshot_every=3, eval_every=30)
    asked(engine, Advance(5))
    engine.close()
    again = resumed(engine.folders[0])
    config = the_run(again).trainer.config
    assert all(getattr(config, name) == getattr(engine.config, name) for name in SETTINGS)
    assert set(OF_THE_DRIVE) <= set(SETTINGS)
    again.close()
