"""Several runs in one engine: forked, put away and brought back."""

from __future__ import annotations

import pytest

from core.commands import (
    Advance,
    BringBack,
    Change,
    Drop,
    FinishEpoch,
    Fork,
    Pause,
    Rename,
    Select,
    ShowDigits,
    Start,
)
from core.data import load as loading
from core.data.dataset import Dataset
from core.racing.race import MOST_RUNS
from core.snapshot import Clock, State
from tests.core.conftest import same_bits
from tests.core.fleets import asked, by_name, engine_of, names, rested, runs_of, weights


@pytest.fixture(autouse=True)
def small_problem(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.setattr(loading, "load", lambda _name, **_: data)


SETTINGS = [
    {"strategy": "stochastic", "lr": 0.02},
    {"batch_size": 8, "optimizer": "adam", "lr": 0.003},
    {"batch_size": 8, "optimizer": "sgd", "lr": 0.02, "momentum": 0.9, "schedule": "cosine"},
    {"strategy": "batch", "optimizer": "rmsprop", "lr": 0.001},
]


@pytest.mark.parametrize("given", SETTINGS)
def test_a_fork_goes_on_bit_for_bit_as_its_parent_would_have(given: dict[str, object]) -> None:
    alone, forked = engine_of(**given), engine_of(**given)
    for engine in (alone, forked):
        asked(engine, Advance(7), FinishEpoch(), Advance(5))
    asked(forked, Fork(), Advance(150))
    asked(alone, Advance(150))
    assert same_bits(weights(forked, "run 2"), weights(alone, "run 1"))


@pytest.mark.parametrize("given", SETTINGS)
def test_two_forks_left_alone_stay_identical(given: dict[str, object]) -> None:
    engine = engine_of(**given)
    snapshot = asked(engine, Advance(9), Fork())
    for run in snapshot.runs:
        engine.send(Advance(120), run.id)
    snapshot = rested(engine).snapshot
    one, two = snapshot.runs
    assert same_bits(weights(engine, "run 1"), weights(engine, "run 2"))
    assert one.evaluation
    assert two.evaluation
    assert one.at.updates == two.at.updates
    assert one.evaluation.loss == two.evaluation.loss
    assert one.train_loss == two.train_loss
    for clock in (Clock.UPDATES, Clock.EXAMPLES):
        for a, b in zip(
            (one.history.train_loss[clock].x, one.history.train_loss[clock].mean),
            (two.history.train_loss[clock].x, two.history.train_loss[clock].mean),
            strict=True,
        ):
            assert a.tolist() == b.tolist()


def test_a_fork_in_the_middle_of_an_update_disturbs_nobody() -> None:
    given = {"strategy": "batch", "lr": 0.05}
    alone, forked = engine_of(**given), engine_of(**given)
    for run in (*runs_of(alone), *runs_of(forked)):
        run.trainer.micro_batch = 16
    forked.send(Advance(3))
    while not runs_of(forked)[0].trainer.mid_update:
        forked.turn()
    forked.send(Pause())
    forked.turn()
    forked.send(Fork())
    forked.turn()
    for run in runs_of(forked):
        run.trainer.micro_batch = 16
    for id in (0, 1):
        forked.send(Advance(4 - runs_of(forked)[id].trainer.updates), id)
    rested(forked)
    asked(alone, Advance(4))
    assert same_bits(weights(forked, "run 1"), weights(alone, "run 1"))
    assert same_bits(weights(forked, "run 2"), weights(alone, "run 1"))


def test_both_go_on_if_the_run_was_running() -> None:
    engine = engine_of(speed=1.0)
    engine.send(Start())
    engine.send(Fork())
    engine.turn()
    assert [run.state for run in engine.snapshot.runs] == [State.RUNNING, State.RUNNING]
    assert engine.snapshot.run is engine.snapshot.runs[1]


def test_a_fork_says_where_it_parted_and_by_what() -> None:
    engine = engine_of()
    snapshot = asked(engine, Advance(12), Fork(), Change("lr", 0.02))
    fork = by_name(snapshot, "run 2")
    assert fork.parent == "run 1"
    assert fork.forked_at == by_name(snapshot, "run 1").at
    assert fork.parted_by == "learning rate 0.01 → 0.02"
    assert by_name(snapshot, "run 1").parted_by == ""


def test_a_fork_keeps_the_past_of_its_parent_and_not_its_future() -> None:
    engine = engine_of()
    asked(engine, Advance(12), Fork())
    snapshot = asked(engine, Advance(10), run=0)
    parent, fork = snapshot.runs
    assert len(fork.history.train_loss[Clock.UPDATES].x) == 12
    assert len(parent.history.train_loss[Clock.UPDATES].x) == 22


def test_commands_are_for_the_selected_run() -> None:
    engine = engine_of()
    asked(engine, Advance(5), Fork(), Advance(3))
    engine.send(Select(), 0)
    snapshot = asked(engine, Advance(1))
    assert [run.at.updates for run in snapshot.runs] == [6, 8]
    assert snapshot.selected == 0


def test_the_examples_on_show_stay_when_another_run_is_selected() -> None:
    engine = engine_of()
    snapshot = asked(engine, ShowDigits(6, fresh=True), Advance(5), Fork())
    on_show = snapshot.runs[0].digits
    assert on_show is not None
    assert snapshot.run is not None
    assert snapshot.run.digits is not None
    assert snapshot.run.digits.indices == on_show.indices


def test_there_is_a_most_of_runs() -> None:
    engine = engine_of()
    snapshot = asked(engine, Advance(1), *[Fork()] * MOST_RUNS)
    assert len(snapshot.runs) == MOST_RUNS
    assert snapshot.notice is not None
    assert "put some away first" in snapshot.notice.text


def test_what_was_put_away_comes_back_as_it_was() -> None:
    engine = engine_of()
    asked(engine, Advance(5), Fork(), Advance(3))
    before = weights(engine, "run 2")
    snapshot = asked(engine, Drop())
    assert names(snapshot) == ["run 1"]
    assert snapshot.dropped == ("run 2",)
    assert snapshot.selected == 0
    snapshot = asked(engine, BringBack())
    assert names(snapshot) == ["run 1", "run 2"]
    assert (snapshot.dropped, snapshot.run) == ((), snapshot.runs[1])
    assert by_name(snapshot, "run 2").at.updates == 8
    assert same_bits(weights(engine, "run 2"), before)


def test_the_latest_put_away_comes_back_first_and_to_its_place() -> None:
    engine = engine_of()
    asked(engine, Advance(1), Fork(), Fork())  # run 1, run 2, run 3
    engine.send(Drop(), 0)
    snapshot = asked(engine, Drop(), run=1)
    assert names(snapshot) == ["run 3"]
    assert names(asked(engine, BringBack())) == ["run 2", "run 3"]
    assert names(asked(engine, BringBack())) == ["run 1", "run 2", "run 3"]
    refused = asked(engine, BringBack()).notice
    assert refused is not None
    assert refused.text == "no run was put away"


def test_the_last_run_stays() -> None:
    engine = engine_of()
    snapshot = asked(engine, Drop())
    assert names(snapshot) == ["run 1"]
    assert snapshot.notice is not None
    assert "the only run" in snapshot.notice.text


def test_a_command_for_a_run_that_has_gone_is_refused() -> None:
    engine = engine_of()
    asked(engine, Advance(1), Fork())
    asked(engine, Drop(), run=1)
    snapshot = asked(engine, Advance(1), run=1)
    assert snapshot.notice is not None
    assert "put away" in snapshot.notice.text


def test_a_name_of_ones_own() -> None:
    engine = engine_of()
    asked(engine, Advance(1), Fork())
    assert names(asked(engine, Rename("  high  rate "))) == ["run 1", "high rate"]
    for refused in ("", "run 1", "x" * 25):
        snapshot = asked(engine, Rename(refused))
        assert names(snapshot) == ["run 1", "high rate"]


def test_paths_are_followed_from_the_first_fork_on() -> None:
    engine = engine_of()
    assert asked(engine, Advance(5)).paths is None
    asked(engine, Fork())
    snapshot = asked(engine, Advance(5))
    assert snapshot.paths is not None
    principal = snapshot.paths.principal
    assert principal is not None
    assert set(principal.paths) == {0, 1}
    assert (principal.paths[0][0] == 0).all()  # the common start
    assert abs(principal.paths[1][-1]).max() > 0


def test_milestones_are_kept_from_where_they_were_reached() -> None:
    engine = engine_of(batch_size=8, lr=0.05, epochs=30)
    snapshot = asked(engine, Start())
    run = snapshot.run
    assert run is not None
    accuracy = run.history.test_accuracy[Clock.UPDATES]
    for milestone, at in run.reached.items():
        first = accuracy.x[accuracy.last >= milestone][0]
        assert at.updates == first
    assert 0.8 in run.reached
