"""Races in the engine: from the same weights, on a budget that is kept whatever is pressed."""

from __future__ import annotations

import pytest

from core.commands import (
    Advance,
    BringBack,
    Change,
    Drop,
    Fork,
    GoBack,
    Pause,
    Reset,
    Select,
    Start,
)
from core.data import load as loading
from core.data.dataset import Dataset
from core.engine import Engine
from core.racing.race import Budget
from core.run import Run
from core.snapshot import Clock, State
from tests.core.conftest import same_bits
from tests.core.fleets import asked, engine_of, names, race, rested, runs_of, weights


@pytest.fixture(autouse=True)
def small_problem(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.setattr(loading, "load", lambda _name, **_: data)


def test_a_race_is_run_from_the_same_weights_and_order() -> None:
    engine = engine_of(batch_size=8)
    config = engine.config
    asked(engine, race(config, Budget(Clock.UPDATES, 5)))
    for name, given in (("stochastic", {}), ("mini-batch 8", {"batch_size": 8})):
        alone = engine_of(**given)
        asked(alone, Advance(5))
        assert same_bits(weights(engine, name), weights(alone, "run 1"))


@pytest.mark.parametrize("amount", [1, 7, 40])
def test_a_budget_of_updates_is_spent_to_the_last(amount: int) -> None:
    engine = engine_of(batch_size=8)
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, amount)))
    assert [run.at.updates for run in snapshot.runs] == [amount] * 3
    assert all(run.state is State.FINISHED for run in snapshot.runs)
    assert all(run.evaluation and run.evaluation.at == run.at for run in snapshot.runs)
    assert snapshot.race is not None
    assert snapshot.race.over


@pytest.mark.parametrize(("amount", "spent"), [(200, [194, 200, 200]), (50, [0, 50, 50])])
def test_no_update_is_begun_that_the_budget_of_examples_does_not_pay_for(
    amount: int, spent: list[int]
) -> None:
    """The small problem has 97 examples: 200 pay for two updates by batch, 50 for none."""
    engine = engine_of(batch_size=5)
    snapshot = asked(engine, race(engine.config, Budget(Clock.EXAMPLES, amount)))
    batch, stochastic, mini = (run.at.examples for run in snapshot.runs)
    assert [batch, stochastic] == spent[:2]
    assert amount - 5 < mini <= amount
    assert all(run.state is State.FINISHED for run in snapshot.runs)


def test_a_budget_of_seconds_ends_each_lane_within_a_slice() -> None:
    engine = engine_of(batch_size=8)
    snapshot = asked(engine, race(engine.config, Budget(Clock.SECONDS, 0.05)))
    assert all(0.05 <= run.at.seconds < 0.05 + 10 * 0.015 for run in snapshot.runs)
    assert all("0.05 training seconds" in run.reason for run in snapshot.runs)


def test_a_race_pauses_and_goes_on_as_one() -> None:
    engine = engine_of(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 10_000)))
    engine.turn()
    engine.send(Pause())
    rested(engine)
    assert {run.state for run in engine.snapshot.runs} == {State.PAUSED}
    engine.send(Start())
    engine.turn()
    assert {run.state for run in engine.snapshot.runs} == {State.RUNNING}


def test_a_race_leaves_other_runs_paused_and_takes_the_place_of_the_one_before() -> None:
    engine = engine_of()
    asked(engine, Advance(4))
    first = race(engine.config, Budget(Clock.UPDATES, 3))
    assert names(asked(engine, first)) == ["run 1", "batch", "stochastic", "mini-batch 64"]
    again = asked(engine, race(engine.config, Budget(Clock.UPDATES, 3), lr=["0.1", "0.01"]))
    assert names(again) == ["run 1", "lr 0.1", "lr 0.01"]
    assert again.dropped[::-1] == ("batch", "stochastic", "mini-batch 64")


def test_a_run_that_never_made_an_update_gives_its_room_to_a_race() -> None:
    engine = engine_of()
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 1)))
    assert names(snapshot) == ["batch", "stochastic", "mini-batch 64"]
    assert snapshot.run is snapshot.runs[0]


def test_a_race_without_room_changes_nothing() -> None:
    engine = engine_of()
    asked(engine, Advance(1), *[Fork()] * 6)
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 1)))
    assert len(snapshot.runs) == 7
    assert snapshot.race is None
    assert snapshot.notice is not None
    assert "3 more runs have no room beside 7" in snapshot.notice.text


def test_a_lane_that_diverges_holds_nobody_up() -> None:
    engine = engine_of()
    budget = Budget(Clock.UPDATES, 300)
    snapshot = asked(engine, race(engine.config, budget, lr=["0.01", "1000"]))
    assert [run.state for run in snapshot.runs] == [State.FINISHED, State.DIVERGED]
    assert snapshot.race is not None
    assert snapshot.race.over


def test_a_lane_that_is_put_away_leaves_the_race() -> None:
    engine = engine_of(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 100)))
    engine.turn()
    engine.send(Drop())
    snapshot = rested(engine).snapshot
    assert snapshot.race is not None
    assert (len(snapshot.race.lanes), snapshot.race.over) == (2, True)


def test_a_lane_that_has_arrived_can_go_on_by_itself() -> None:
    engine = engine_of(batch_size=8)
    asked(engine, race(engine.config, Budget(Clock.UPDATES, 5)))
    snapshot = asked(engine, Advance(2))
    assert [run.at.updates for run in snapshot.runs] == [7, 5, 5]
    assert snapshot.race is not None
    assert set(snapshot.race.spent.values()) == {5}


def test_racers_are_judged_at_doubling_numbers_of_updates() -> None:
    engine = engine_of()
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 20)))
    tested = snapshot.runs[1].history.test_loss[Clock.UPDATES].x.tolist()
    assert tested == [0, 1, 2, 4, 8, 16, 20]


# What went wrong once


def judged_at_the_finish(engine: Engine) -> Run:
    """The first lane, being judged now that its budget is spent."""
    for _ in range(100_000):
        engine.turn()
        run = runs_of(engine)[0]
        if run._examiner.busy and run._at_finish():
            return run
    raise AssertionError("it never arrives")


@pytest.mark.parametrize("budget", [Budget(Clock.UPDATES, 5), Budget(Clock.EXAMPLES, 97)])
def test_a_pause_at_the_finish_buys_no_further_update(budget: Budget) -> None:
    engine = engine_of(strategy="batch")
    engine.send(race(engine.config, budget, strategy=["batch"]))
    run = judged_at_the_finish(engine)
    spent = run.trainer.progress(budget.clock)
    run.obey(Pause())
    run._examiner.give_up()
    engine.send(Start())
    rested(engine)
    assert run.trainer.progress(budget.clock) == spent == budget.amount


def test_a_lane_that_has_spent_all_stops_also_under_another_strategy() -> None:
    engine = engine_of(batch_size=10)
    engine.send(race(engine.config, Budget(Clock.EXAMPLES, 97), strategy=["mini-batch"]))
    run = judged_at_the_finish(engine)
    engine.send(Pause())
    engine.turn()
    snapshot = asked(engine, Change("strategy", "batch"), Start())
    assert snapshot.runs[0].at.examples == run.trainer.examples <= 97


def test_who_waits_for_a_slow_lane_does_not_keep_the_engine_busy() -> None:
    engine = engine_of(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 10_000)))
    engine.turn()
    engine.send(Change("speed", 0.5), 1)
    for _ in range(200):
        engine.turn()
    assert engine._arena is not None
    assert engine._arena.wait() > 0


def test_a_lane_that_diverged_at_once_can_be_forked() -> None:
    engine = engine_of()
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 50), lr=["0.01", "1000"]))
    assert snapshot.runs[1].state is State.DIVERGED
    engine.send(Select(), snapshot.runs[1].id)
    snapshot = asked(engine, Fork())
    assert [run.state for run in snapshot.runs[1:]] == [State.DIVERGED] * 2


def test_what_was_put_away_in_a_race_comes_back_into_it() -> None:
    engine = engine_of(batch_size=8)
    engine._frame_seconds = 0.0  # a turn is a slice
    engine.send(race(engine.config, Budget(Clock.UPDATES, 300)))
    while not engine.snapshot.runs[-1].at.updates:
        engine.turn()
    lane = runs_of(engine)[1]
    engine.send(Drop(), lane.id)
    rested(engine)
    assert 0 < lane.trainer.updates < 300
    snapshot = asked(engine, BringBack(), Start())
    assert [run.at.updates for run in snapshot.runs] == [300] * 3
    assert snapshot.race is not None
    assert snapshot.race.over


def test_what_comes_back_after_its_race_goes_on_without_it() -> None:
    engine = engine_of(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 60)))
    engine.turn()
    engine.send(Drop())
    rested(engine)
    asked(engine, race(engine.config, Budget(Clock.UPDATES, 5)))
    snapshot = asked(engine, *[BringBack()] * 3, Drop(), BringBack(), Advance(3))
    assert snapshot.notice is None
    assert len(set(names(snapshot))) == len(snapshot.runs)  # no two of one name


@pytest.mark.parametrize("command", [Reset(), GoBack()])
def test_who_begins_again_leaves_the_race(command: object) -> None:
    engine = engine_of(batch_size=8)
    asked(engine, race(engine.config, Budget(Clock.UPDATES, 20)))
    snapshot = asked(engine, command)
    assert snapshot.race is not None
    assert len(snapshot.race.lanes) == 2
    assert snapshot.run is not None
    assert "outside the race" in snapshot.run.events[-1].text


def test_a_fork_in_mid_update_has_not_paid_for_it() -> None:
    engine = engine_of(strategy="batch")
    run = runs_of(engine)[0]
    run.trainer.micro_batch = 16
    engine.send(Advance(3))
    while not run.trainer.seconds_under_way:
        engine.turn()
    engine.send(Pause())
    engine.turn()
    engine.send(Fork())
    engine.turn()
    fork = runs_of(engine)[1]
    whole = run.trainer.seconds - run.trainer.seconds_under_way
    assert fork.trainer.seconds == pytest.approx(whole)
    assert fork.trainer.seconds < run.trainer.seconds


def test_a_fault_between_runs_pauses_them_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_of()
    asked(engine, Advance(1), Fork())
    assert engine._arena is not None

    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(engine._arena._turns, "stretch", broken)
    engine.send(Start())
    assert engine.turn()
    monkeypatch.undo()
    snapshot = rested(engine).snapshot
    assert snapshot.run is not None
    assert snapshot.run.state is State.FAILED
    assert "out of memory" in snapshot.run.reason
    assert asked(engine, Advance(1)).runs[1].at.updates == 2


def test_a_fork_remembers_what_was_chosen_for_each_optimizer() -> None:
    engine = engine_of()
    asked(engine, Advance(3), Change("lr", 0.005), Change("optimizer", "adam"), Advance(2))
    snapshot = asked(engine, Fork(), Change("optimizer", "sgd"))
    assert snapshot.run is not None
    assert snapshot.run.config.learning_rate == 0.005
