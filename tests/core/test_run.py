"""What one may ask of a run, and what it then does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.commands import (
    Advance,
    Change,
    Command,
    FinishEpoch,
    Pause,
    Reset,
    ShowDigits,
    Start,
)
from core.data.dataset import Dataset
from core.run import Run
from core.snapshot import State

from .conftest import NO_KERNELS, config_of, same_bits, weights_of, work_off


def test_a_run_is_evaluated_before_its_first_update(run: Callable[..., Run]) -> None:
    subject = run()
    work_off(subject)
    assert subject.state is State.READY
    assert subject.trainer.record.evaluation is not None
    assert subject.trainer.updates == 0


def test_started_and_paused_it_stands_still_until_it_is_started_again(
    run: Callable[..., Run],
) -> None:
    subject = run()
    subject.obey(Start())
    for _ in range(5):
        assert subject.work()
    subject.obey(Pause())
    work_off(subject)
    made = subject.trainer.updates
    assert made > 0
    assert not subject.work()
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, made)
    subject.obey(Start())
    assert subject.work()
    assert subject.trainer.updates > made


@pytest.mark.parametrize(
    "given", [{"strategy": "batch"}, {"strategy": "stochastic"}, {"batch_size": 64}]
)
def test_a_pause_never_waits_for_more_than_a_micro_batch_or_a_slice(
    run: Callable[..., Run], given: dict[str, object]
) -> None:
    """Counted, not timed: examples that go through the model from one safe point to the next."""
    subject = run(**given)
    work_off(subject)
    subject.trainer.micro_batch = 16
    passed = 0
    forward = subject.trainer.model.forward

    def counting(x: torch.Tensor) -> torch.Tensor:
        nonlocal passed
        passed += len(x)
        return forward(x)

    subject.trainer.model.forward = counting  # type: ignore[method-assign]
    subject.obey(Advance(3))
    most = 0
    while subject.state is State.RUNNING:
        passed = 0
        subject.work()
        most = max(most, passed)
    assert subject.trainer.updates == 3
    assert 0 < most <= 16


def test_in_the_middle_of_a_full_batch_update_it_can_be_paused_and_goes_on(
    run: Callable[..., Run],
) -> None:
    paused, straight = run(strategy="batch"), run(strategy="batch")
    for subject in (paused, straight):
        work_off(subject)
        subject.trainer.micro_batch = 10
        subject.obey(Start())
    paused.work()
    paused.work()
    paused.obey(Pause())
    assert not paused.work()
    assert paused.trainer.update_progress == pytest.approx(20 / 97)
    for subject in (paused, straight):
        subject.obey(Advance(1))
        work_off(subject)
        assert subject.trainer.updates == 1
    assert same_bits(weights_of(paused.trainer), weights_of(straight.trainer))


@pytest.mark.parametrize("updates", [1, 2, 250])
def test_so_many_updates_and_no_more(run: Callable[..., Run], updates: int) -> None:
    subject = run()
    subject.obey(Advance(updates))
    work_off(subject)
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, updates)


def test_to_the_end_of_the_epoch_and_then_of_the_next(run: Callable[..., Run]) -> None:
    subject = run(batch_size=10)
    for epoch in (1, 2):
        subject.obey(FinishEpoch())
        work_off(subject)
        assert (subject.state, subject.trainer.examples) == (State.PAUSED, epoch * 97)


@pytest.mark.parametrize(
    ("given", "updates", "reason"),
    [
        ({"epochs": 2, "batch_size": 50}, 4, "stopped after 2 epochs"),
        ({"updates": 3}, 3, "stopped after 3 updates"),
        ({"updates": 1}, 1, "stopped after 1 update"),
        ({"target_accuracy": 0.01, "eval_every": 5}, 5, "test accuracy reached 0.01"),
    ],
)
def test_a_stop_condition_finishes_it_with_an_evaluation(
    run: Callable[..., Run], given: dict[str, object], updates: int, reason: str
) -> None:
    subject = run(**given)
    subject.obey(Start())
    work_off(subject)
    assert (subject.state, subject.reason) == (State.FINISHED, reason)
    assert subject.trainer.updates == updates
    evaluation = subject.trainer.record.evaluation
    assert evaluation is not None
    assert evaluation.at == subject.trainer.at


def test_seconds_count_training_only(data: Dataset) -> None:
    time = 0.0

    def clock() -> float:
        nonlocal time
        time += 0.25  # each look at the clock takes a quarter second
        return time

    from core.config import configure

    subject = Run("run 1", configure({"seconds": 2.0, "eval_every": 1}), data, NO_KERNELS, clock)
    subject.obey(Start())
    work_off(subject)
    assert subject.state is State.FINISHED
    assert 2.0 <= subject.trainer.seconds <= 2.25
    assert time > 3  # evaluations and waiting looked at the clock too


def test_started_after_its_stop_condition_it_drops_it_and_says_so(
    run: Callable[..., Run],
) -> None:
    subject = run(updates=3, epochs=50)
    subject.obey(Start())
    work_off(subject)
    subject.obey(Advance(2))
    work_off(subject)
    assert subject.trainer.updates == 5
    assert subject.trainer.config.updates is None
    assert subject.trainer.config.epochs == 50
    assert subject.trainer.record.events[-1].text == "updates 3 → none"


def test_reset_with_the_same_seed_repeats_the_run_and_another_seed_does_not(
    run: Callable[..., Run],
) -> None:
    subject = run(seed=3)
    ends = []
    for seed in (None, None, 4):
        subject.obey(Advance(150))
        work_off(subject)
        ends.append(weights_of(subject.trainer))
        subject.obey(Reset(seed))
        assert (subject.state, subject.trainer.updates) == (State.READY, 0)
    subject.obey(Advance(150))
    work_off(subject)
    ends.append(weights_of(subject.trainer))
    assert same_bits(ends[0], ends[1])
    assert same_bits(ends[1], ends[2])
    assert not same_bits(ends[2], ends[3])
    assert subject.trainer.config.seed == 4


def test_a_speed_limit_spaces_the_updates_and_costs_no_training_time(data: Dataset) -> None:
    from core.config import configure

    now = 0.0
    subject = Run("run 1", configure({"speed": 10}), data, NO_KERNELS, lambda: now)
    work_off(subject)
    subject.obey(Start())
    made = []
    while now < 2.0:
        while subject.work():
            pass
        made.append(subject.trainer.updates)
        wait = subject.wait()
        assert 0 < wait <= 0.1 + 1e-9
        now += wait
    assert made == list(range(1, len(made) + 1))
    assert 20 <= len(made) <= 21
    assert subject.trainer.seconds == 0.0


def test_evaluations_come_at_the_interval_and_at_every_epochs_end(run: Callable[..., Run]) -> None:
    subject = run(batch_size=10, eval_every=40)
    subject.obey(Change("epochs", 2))
    subject.obey(Start())
    work_off(subject)
    seen = subject.trainer.record.history().test_loss
    examples = next(curve for clock, curve in seen.items() if clock == "examples").x
    assert examples.tolist() == [0, 40, 80, 97, 127, 167, 194]


def test_a_new_interval_counts_from_the_latest_evaluation(run: Callable[..., Run]) -> None:
    subject = run(batch_size=10, eval_every=1_000_000)
    subject.obey(Advance(2))
    work_off(subject)
    subject.obey(Change("eval_every", 30))
    subject.obey(Advance(5))
    work_off(subject)
    evaluation = subject.trainer.record.evaluation
    assert evaluation is not None
    assert evaluation.at.examples == 60


def test_rates_count_the_share_of_an_update_under_way_and_stop_with_it(
    data: Dataset,
) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.05
        return now

    subject = Run("run 1", config_of(strategy="batch"), data, NO_KERNELS, clock)
    work_off(subject)
    subject.trainer.micro_batch = 10
    subject.obey(Start())
    rates = []
    for _ in range(60):
        subject.work()
        rates.append(subject.meter.rates[0])
    settled = [rate for rate in rates[20:] if rate]
    assert max(settled) < 1.5 * min(settled)
    subject.obey(Pause())
    assert subject.meter.rates == (0.0, 0.0)
    subject.obey(Start())
    subject.work()
    subject.obey(Reset())
    assert subject.meter.rates == (0.0, 0.0)


def test_a_slice_holds_as_many_updates_as_fit_into_its_time(data: Dataset) -> None:
    now = 0.0

    def clock() -> float:
        return now

    subject = Run("run 1", config_of(), data, NO_KERNELS, clock)
    work_off(subject)
    updates = subject.trainer.stepper.updates

    def slow(rows: torch.Tensor, rates: object) -> object:
        nonlocal now
        now += 0.003 * len(rows)
        return updates(rows, rates)

    subject.trainer.stepper.updates = slow  # type: ignore[assignment, method-assign]
    subject.obey(Start())
    made = []
    for _ in range(6):
        before = subject.trainer.updates
        subject.work()
        made.append(subject.trainer.updates - before)
    assert made[-2:] == [5, 5]  # of 15 ms
    assert max(made) <= 6  # also while they are watched one by one


commands = st.one_of(
    st.just(Start()),
    st.just(Pause()),
    st.builds(Advance, st.integers(1, 40)),
    st.just(FinishEpoch()),
    st.just(Change("strategy", "batch")),
    st.just(Change("strategy", "stochastic")),
    st.builds(Change, st.just("batch_size"), st.integers(1, 97)),
    st.builds(Change, st.just("lr"), st.sampled_from([0.001, 0.02])),
    st.builds(Change, st.just("optimizer"), st.sampled_from(["adam", "sgd"])),
    st.builds(Change, st.just("order"), st.sampled_from(["fixed", "sequential", "replacement"])),
    st.just(Reset()),
)
scripts = st.lists(st.tuples(commands, st.integers(0, 4)), max_size=15)


def played(subject: Run, script: list[tuple[Command, int]], looking: bool) -> Run:
    """Send each command after so many updates more, and look all the while or never."""
    subject.trainer.micro_batch = 30
    for command, updates in script:
        subject.obey(command)
        subject.trainer.micro_batch = 30
        if looking:
            subject.obey(ShowDigits(12, only_wrong=bool(updates % 2), fresh=True))
            subject.showcase.ask(subject.trainer.model)
        subject.obey(Advance(updates) if updates else Pause())
        work_off(subject)
    return subject


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(script=scripts)
def test_same_seed_and_commands_give_the_same_weights_and_looking_changes_nothing(
    run: Callable[..., Run], script: list[tuple[Command, int]]
) -> None:
    one, other = played(run(), script, looking=False), played(run(), script, looking=True)
    assert one.trainer.updates == other.trainer.updates
    assert same_bits(weights_of(one.trainer), weights_of(other.trainer))


def test_building_a_run_leaves_torchs_own_generator_alone(run: Callable[..., Run]) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    subject = run()
    subject.obey(Advance(30))
    work_off(subject)
    assert torch.equal(torch.rand(3), expected)
