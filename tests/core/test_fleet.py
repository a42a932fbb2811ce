"""Several runs in one engine: forked, raced, put away and brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.commands import (
    Advance,
    BringBack,
    Change,
    Drop,
    FinishEpoch,
    Fork,
    GoBack,
    Pause,
    Rename,
    Reset,
    Select,
    ShowDigits,
    Start,
    StartRace,
)
from core.config import RunConfig, configure
from core.data import load as loading
from core.data.dataset import Dataset
from core.engine import Engine
from core.racing.race import MOST_RUNS, Budget, lanes, of_strategies
from core.run import Run
from core.snapshot import Clock, RunView, Snapshot, State
from tests.core.conftest import same_bits, weights_of


@pytest.fixture(autouse=True)
def small_problem(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.setattr(loading, "load", lambda _name, **_: data)


@pytest.fixture
def build() -> Callable[..., Engine]:
    """An engine whose worker is the test itself."""

    def engine_of(**given: object) -> Engine:
        engine = Engine(configure({"eval_every": "epoch", **given}))
        engine.load()
        return rested(engine)

    return engine_of


def rested(engine: Engine) -> Engine:
    for _ in range(100_000):
        engine.turn()
        if engine.at_rest:
            return engine
    raise AssertionError("it does not come to rest")


def asked(engine: Engine, *commands: object, run: int | None = None) -> Snapshot:
    """The snapshot once all this was done."""
    for command in commands:
        engine.send(command, run)  # type: ignore[arg-type]
        rested(engine)
    return engine.snapshot


def runs_of(engine: Engine) -> list[Run]:
    assert engine._arena is not None
    return engine._arena.fleet.runs


def names(snapshot: Snapshot) -> list[str]:
    return [run.name for run in snapshot.runs]


def by_name(snapshot: Snapshot, name: str) -> RunView:
    return next(run for run in snapshot.runs if run.name == name)


def weights(engine: Engine, name: str) -> list[torch.Tensor]:
    return weights_of(next(run for run in runs_of(engine) if run.name == name).trainer)


SETTINGS = [
    {"strategy": "stochastic", "lr": 0.02},
    {"batch_size": 8, "optimizer": "adam", "lr": 0.003},
    {"batch_size": 8, "optimizer": "sgd", "lr": 0.02, "momentum": 0.9, "schedule": "cosine"},
    {"strategy": "batch", "optimizer": "rmsprop", "lr": 0.001},
]


@pytest.mark.parametrize("given", SETTINGS)
def test_a_fork_goes_on_bit_for_bit_as_its_parent_would_have(
    given: dict[str, object], build: Callable[..., Engine]
) -> None:
    alone, forked = build(**given), build(**given)
    for engine in (alone, forked):
        asked(engine, Advance(7), FinishEpoch(), Advance(5))
    asked(forked, Fork(), Advance(150))
    asked(alone, Advance(150))
    assert same_bits(weights(forked, "run 2"), weights(alone, "run 1"))


@pytest.mark.parametrize("given", SETTINGS)
def test_two_forks_left_alone_stay_identical(
    given: dict[str, object], build: Callable[..., Engine]
) -> None:
    engine = build(**given)
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


def test_a_fork_in_the_middle_of_an_update_disturbs_nobody(build: Callable[..., Engine]) -> None:
    given = {"strategy": "batch", "lr": 0.05}
    alone, forked = build(**given), build(**given)
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


def test_both_go_on_if_the_run_was_running(build: Callable[..., Engine]) -> None:
    engine = build(speed=1.0)
    engine.send(Start())
    engine.send(Fork())
    engine.turn()
    assert [run.state for run in engine.snapshot.runs] == [State.RUNNING, State.RUNNING]
    assert engine.snapshot.run is engine.snapshot.runs[1]


def test_a_fork_says_where_it_parted_and_by_what(build: Callable[..., Engine]) -> None:
    engine = build()
    snapshot = asked(engine, Advance(12), Fork(), Change("lr", 0.02))
    fork = by_name(snapshot, "run 2")
    assert fork.parent == "run 1"
    assert fork.forked_at == by_name(snapshot, "run 1").at
    assert fork.parted_by == "learning rate 0.01 → 0.02"
    assert by_name(snapshot, "run 1").parted_by == ""


def test_a_fork_keeps_the_past_of_its_parent_and_not_its_future(
    build: Callable[..., Engine],
) -> None:
    engine = build()
    asked(engine, Advance(12), Fork())
    snapshot = asked(engine, Advance(10), run=0)
    parent, fork = snapshot.runs
    assert len(fork.history.train_loss[Clock.UPDATES].x) == 12
    assert len(parent.history.train_loss[Clock.UPDATES].x) == 22


def test_commands_are_for_the_selected_run(build: Callable[..., Engine]) -> None:
    engine = build()
    asked(engine, Advance(5), Fork(), Advance(3))
    engine.send(Select(), 0)
    snapshot = asked(engine, Advance(1))
    assert [run.at.updates for run in snapshot.runs] == [6, 8]
    assert snapshot.selected == 0


def test_the_examples_on_show_stay_when_another_run_is_selected(
    build: Callable[..., Engine],
) -> None:
    engine = build()
    snapshot = asked(engine, ShowDigits(6, fresh=True), Advance(5), Fork())
    on_show = snapshot.runs[0].digits
    assert on_show is not None
    assert snapshot.run is not None
    assert snapshot.run.digits is not None
    assert snapshot.run.digits.indices == on_show.indices


def test_there_is_a_most_of_runs(build: Callable[..., Engine]) -> None:
    engine = build()
    snapshot = asked(engine, Advance(1), *[Fork()] * MOST_RUNS)
    assert len(snapshot.runs) == MOST_RUNS
    assert snapshot.notice is not None
    assert "put some away first" in snapshot.notice.text


def test_what_was_put_away_comes_back_as_it_was(build: Callable[..., Engine]) -> None:
    engine = build()
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


def test_the_latest_put_away_comes_back_first_and_to_its_place(
    build: Callable[..., Engine],
) -> None:
    engine = build()
    asked(engine, Advance(1), Fork(), Fork())  # run 1, run 2, run 3
    engine.send(Drop(), 0)
    snapshot = asked(engine, Drop(), run=1)
    assert names(snapshot) == ["run 3"]
    assert names(asked(engine, BringBack())) == ["run 2", "run 3"]
    assert names(asked(engine, BringBack())) == ["run 1", "run 2", "run 3"]
    refused = asked(engine, BringBack()).notice
    assert refused is not None
    assert refused.text == "no run was put away"


def test_the_last_run_stays(build: Callable[..., Engine]) -> None:
    engine = build()
    snapshot = asked(engine, Drop())
    assert names(snapshot) == ["run 1"]
    assert snapshot.notice is not None
    assert "the only run" in snapshot.notice.text


def test_a_command_for_a_run_that_has_gone_is_refused(build: Callable[..., Engine]) -> None:
    engine = build()
    asked(engine, Advance(1), Fork())
    asked(engine, Drop(), run=1)
    snapshot = asked(engine, Advance(1), run=1)
    assert snapshot.notice is not None
    assert "put away" in snapshot.notice.text


def test_a_name_of_ones_own(build: Callable[..., Engine]) -> None:
    engine = build()
    asked(engine, Advance(1), Fork())
    assert names(asked(engine, Rename("  high  rate "))) == ["run 1", "high rate"]
    for refused in ("", "run 1", "x" * 25):
        snapshot = asked(engine, Rename(refused))
        assert names(snapshot) == ["run 1", "high rate"]


def race(config: RunConfig, budget: Budget, **chosen: list[str]) -> StartRace:
    return StartRace(lanes(config, chosen) if chosen else of_strategies(config), budget)


def test_a_race_is_run_from_the_same_weights_and_order(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    config = engine.config
    asked(engine, race(config, Budget(Clock.UPDATES, 5)))
    for name, given in (("stochastic", {}), ("mini-batch 8", {"batch_size": 8})):
        alone = build(**given)
        asked(alone, Advance(5))
        assert same_bits(weights(engine, name), weights(alone, "run 1"))


@pytest.mark.parametrize("amount", [1, 7, 40])
def test_a_budget_of_updates_is_spent_to_the_last(
    amount: int, build: Callable[..., Engine]
) -> None:
    engine = build(batch_size=8)
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, amount)))
    assert [run.at.updates for run in snapshot.runs] == [amount] * 3
    assert all(run.state is State.FINISHED for run in snapshot.runs)
    assert all(run.evaluation and run.evaluation.at == run.at for run in snapshot.runs)
    assert snapshot.race is not None
    assert snapshot.race.over


@pytest.mark.parametrize(("amount", "spent"), [(200, [194, 200, 200]), (50, [0, 50, 50])])
def test_no_update_is_begun_that_the_budget_of_examples_does_not_pay_for(
    amount: int, spent: list[int], build: Callable[..., Engine]
) -> None:
    """The small problem has 97 examples: 200 pay for two updates by batch, 50 for none."""
    engine = build(batch_size=5)
    snapshot = asked(engine, race(engine.config, Budget(Clock.EXAMPLES, amount)))
    batch, stochastic, mini = (run.at.examples for run in snapshot.runs)
    assert [batch, stochastic] == spent[:2]
    assert amount - 5 < mini <= amount
    assert all(run.state is State.FINISHED for run in snapshot.runs)


def test_a_budget_of_seconds_ends_each_lane_within_a_slice(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    snapshot = asked(engine, race(engine.config, Budget(Clock.SECONDS, 0.2)))
    assert all(0.2 <= run.at.seconds < 0.2 + 10 * 0.015 for run in snapshot.runs)
    assert all("0.2 training seconds" in run.reason for run in snapshot.runs)


def test_a_race_pauses_and_goes_on_as_one(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 10_000)))
    engine.turn()
    engine.send(Pause())
    rested(engine)
    assert {run.state for run in engine.snapshot.runs} == {State.PAUSED}
    engine.send(Start())
    engine.turn()
    assert {run.state for run in engine.snapshot.runs} == {State.RUNNING}


def test_a_race_leaves_other_runs_paused_and_takes_the_place_of_the_one_before(
    build: Callable[..., Engine],
) -> None:
    engine = build()
    asked(engine, Advance(4))
    first = race(engine.config, Budget(Clock.UPDATES, 3))
    assert names(asked(engine, first)) == ["run 1", "batch", "stochastic", "mini-batch 64"]
    again = asked(engine, race(engine.config, Budget(Clock.UPDATES, 3), lr=["0.1", "0.01"]))
    assert names(again) == ["run 1", "lr 0.1", "lr 0.01"]
    assert again.dropped[::-1] == ("batch", "stochastic", "mini-batch 64")


def test_a_run_that_never_made_an_update_gives_its_room_to_a_race(
    build: Callable[..., Engine],
) -> None:
    engine = build()
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 1)))
    assert names(snapshot) == ["batch", "stochastic", "mini-batch 64"]
    assert snapshot.run is snapshot.runs[0]


def test_a_race_without_room_changes_nothing(build: Callable[..., Engine]) -> None:
    engine = build()
    asked(engine, Advance(1), *[Fork()] * 6)
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 1)))
    assert len(snapshot.runs) == 7
    assert snapshot.race is None
    assert snapshot.notice is not None
    assert "3 more runs have no room beside 7" in snapshot.notice.text


def test_a_lane_that_diverges_holds_nobody_up(build: Callable[..., Engine]) -> None:
    engine = build()
    budget = Budget(Clock.UPDATES, 300)
    snapshot = asked(engine, race(engine.config, budget, lr=["0.01", "1000"]))
    assert [run.state for run in snapshot.runs] == [State.FINISHED, State.DIVERGED]
    assert snapshot.race is not None
    assert snapshot.race.over


def test_a_lane_that_is_put_away_leaves_the_race(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 100)))
    engine.turn()
    engine.send(Drop())
    snapshot = rested(engine).snapshot
    assert snapshot.race is not None
    assert (len(snapshot.race.lanes), snapshot.race.over) == (2, True)


def test_a_lane_that_has_arrived_can_go_on_by_itself(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    asked(engine, race(engine.config, Budget(Clock.UPDATES, 5)))
    snapshot = asked(engine, Advance(2))
    assert [run.at.updates for run in snapshot.runs] == [7, 5, 5]
    assert snapshot.race is not None
    assert set(snapshot.race.spent.values()) == {5}


def test_racers_are_judged_at_doubling_numbers_of_updates(build: Callable[..., Engine]) -> None:
    engine = build()
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 20)))
    tested = snapshot.runs[1].history.test_loss[Clock.UPDATES].x.tolist()
    assert tested == [0, 1, 2, 4, 8, 16, 20]


def test_paths_are_followed_from_the_first_fork_on(build: Callable[..., Engine]) -> None:
    engine = build()
    assert asked(engine, Advance(5)).paths is None
    asked(engine, Fork())
    snapshot = asked(engine, Advance(5))
    assert snapshot.paths is not None
    principal = snapshot.paths.principal
    assert principal is not None
    assert set(principal.paths) == {0, 1}
    assert (principal.paths[0][0] == 0).all()  # the common start
    assert abs(principal.paths[1][-1]).max() > 0


def test_milestones_are_kept_from_where_they_were_reached(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8, lr=0.05, epochs=30)
    snapshot = asked(engine, Start())
    run = snapshot.run
    assert run is not None
    accuracy = run.history.test_accuracy[Clock.UPDATES]
    for milestone, at in run.reached.items():
        first = accuracy.x[accuracy.last >= milestone][0]
        assert at.updates == first
    assert 0.8 in run.reached


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
def test_a_pause_at_the_finish_buys_no_further_update(
    budget: Budget, build: Callable[..., Engine]
) -> None:
    engine = build(strategy="batch")
    engine.send(race(engine.config, budget, strategy=["batch"]))
    run = judged_at_the_finish(engine)
    spent = run.trainer.progress(budget.clock)
    run.obey(Pause())
    run._examiner.give_up()
    engine.send(Start())
    rested(engine)
    assert run.trainer.progress(budget.clock) == spent == budget.amount


def test_a_lane_that_has_spent_all_stops_also_under_another_strategy(
    build: Callable[..., Engine],
) -> None:
    engine = build(batch_size=10)
    engine.send(race(engine.config, Budget(Clock.EXAMPLES, 97), strategy=["mini-batch"]))
    run = judged_at_the_finish(engine)
    engine.send(Pause())
    engine.turn()
    snapshot = asked(engine, Change("strategy", "batch"), Start())
    assert snapshot.runs[0].at.examples == run.trainer.examples <= 97


def test_who_waits_for_a_slow_lane_does_not_keep_the_engine_busy(
    build: Callable[..., Engine],
) -> None:
    engine = build(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 10_000)))
    engine.turn()
    engine.send(Change("speed", 0.5), 1)
    for _ in range(200):
        engine.turn()
    assert engine._arena is not None
    assert engine._arena.wait() > 0


def test_a_lane_that_diverged_at_once_can_be_forked(build: Callable[..., Engine]) -> None:
    engine = build()
    snapshot = asked(engine, race(engine.config, Budget(Clock.UPDATES, 50), lr=["0.01", "1000"]))
    assert snapshot.runs[1].state is State.DIVERGED
    engine.send(Select(), snapshot.runs[1].id)
    snapshot = asked(engine, Fork())
    assert [run.state for run in snapshot.runs[1:]] == [State.DIVERGED] * 2


def test_what_was_put_away_in_a_race_comes_back_into_it(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    engine._frame_seconds = 0.0  # a turn is a slice
    engine.send(race(engine.config, Budget(Clock.UPDATES, 2000)))
    while not engine.snapshot.runs[-1].at.updates:
        engine.turn()
    lane = runs_of(engine)[1]
    engine.send(Drop(), lane.id)
    rested(engine)
    assert 0 < lane.trainer.updates < 2000
    snapshot = asked(engine, BringBack(), Start())
    assert [run.at.updates for run in snapshot.runs] == [2000] * 3
    assert snapshot.race is not None
    assert snapshot.race.over


def test_what_comes_back_after_its_race_goes_on_without_it(build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    engine.send(race(engine.config, Budget(Clock.UPDATES, 60)))
    engine.turn()
    engine.send(Drop())
    rested(engine)
    asked(engine, race(engine.config, Budget(Clock.UPDATES, 5)))
    snapshot = asked(engine, *[BringBack()] * 3, Drop(), BringBack(), Advance(3))
    assert snapshot.notice is None
    assert len(set(names(snapshot))) == len(snapshot.runs)  # no two of one name


@pytest.mark.parametrize("command", [Reset(), GoBack()])
def test_who_begins_again_leaves_the_race(command: object, build: Callable[..., Engine]) -> None:
    engine = build(batch_size=8)
    asked(engine, race(engine.config, Budget(Clock.UPDATES, 20)))
    snapshot = asked(engine, command)
    assert snapshot.race is not None
    assert len(snapshot.race.lanes) == 2
    assert snapshot.run is not None
    assert "outside the race" in snapshot.run.events[-1].text


def test_a_fork_in_mid_update_has_not_paid_for_it(build: Callable[..., Engine]) -> None:
    engine = build(strategy="batch")
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


def test_a_fault_between_runs_pauses_them_and_ends_nothing(
    build: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = build()
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


def test_a_fork_remembers_what_was_chosen_for_each_optimizer(
    build: Callable[..., Engine],
) -> None:
    engine = build()
    asked(engine, Advance(3), Change("lr", 0.005), Change("optimizer", "adam"), Advance(2))
    snapshot = asked(engine, Fork(), Change("optimizer", "sgd"))
    assert snapshot.run is not None
    assert snapshot.run.config.learning_rate == 0.005
