"""Switching mid-run: nothing is lost, what is reset is said, and a reversal leaves no trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.checkpoint import capture, restore
from core.config import ORDERS
from core.errors import UserError
from core.run import Run
from core.snapshot import State
from core.switching import Switchboard
from core.trainer import Trainer

from .conftest import same_bits, train_until, weights_of

same_fixture = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

switches = st.one_of(
    st.tuples(st.just("strategy"), st.sampled_from(["batch", "stochastic", "mini-batch"])),
    st.tuples(st.just("batch_size"), st.integers(1, 97)),
    st.tuples(st.just("order"), st.sampled_from([o for o in ORDERS if o != "replacement"])),
    st.tuples(st.just("optimizer"), st.sampled_from(["sgd", "adam", "adamw", "rmsprop"])),
    st.tuples(st.just("lr"), st.sampled_from([0.001, 0.01, 0.05])),
    st.tuples(st.just("schedule"), st.sampled_from(["constant", "cosine", "step"])),
)


@same_fixture
@given(steps=st.lists(st.tuples(st.integers(1, 40), switches), max_size=8))
def test_every_example_is_seen_once_an_epoch_whatever_the_switches(
    trainer: Callable[..., Trainer], steps: list[tuple[int, tuple[str, object]]]
) -> None:
    subject = trainer(lr=0.001)
    subject.micro_batch = 20
    switchboard = Switchboard(subject)
    visits: list[int] = []
    advance = subject.sampler.advance

    def watched(count: int) -> None:
        visits.extend(subject.sampler.peek(count).tolist())
        advance(count)

    subject.sampler.advance = watched  # type: ignore[method-assign]
    for slices, (name, value) in steps:
        for _ in range(slices % 7 + 1):
            subject.advance(slices)
        switchboard.change(name, value)
    while subject.sampler.cursor or subject.mid_update:
        subject.advance(10)
    assert len(visits) == subject.examples
    for begin in range(0, len(visits), 97):
        assert sorted(visits[begin : begin + 97]) == list(range(97))


@pytest.mark.parametrize(
    ("name", "there", "back"),
    [
        ("strategy", "batch", "stochastic"),
        ("batch_size", 32, None),
        ("order", "sequential", "reshuffled"),
        ("order", "replacement", "reshuffled"),
        ("optimizer", "adam", "sgd"),
        ("lr", 0.5, 0.02),
        ("momentum", 0.0, 0.9),
        ("schedule", "constant", "cosine"),
    ],
)
def test_a_switch_and_its_reverse_change_no_bit(
    trainer: Callable[..., Trainer], name: str, there: object, back: object
) -> None:
    given = {"lr": 0.02, "momentum": 0.9, "schedule": "cosine", "decay_epochs": 9}
    switched, left_alone = trainer(**given), trainer(**given)
    for subject in (switched, left_alone):
        train_until(subject, 130)
    switchboard = Switchboard(switched)
    switchboard.change(name, there)
    switchboard.change("strategy" if back is None else name, back or "stochastic")
    for subject in (switched, left_alone):
        train_until(subject, 300)
    assert same_bits(weights_of(switched), weights_of(left_alone))


def test_a_switch_in_the_middle_of_an_update_sets_it_aside_and_reversed_changes_no_bit(
    trainer: Callable[..., Trainer],
) -> None:
    switched, left_alone = trainer(strategy="batch"), trainer(strategy="batch")
    switched.micro_batch = left_alone.micro_batch = 30
    switched.advance()
    switched.advance()
    assert switched.mid_update
    switchboard = Switchboard(switched)
    switchboard.change("strategy", "stochastic")
    switchboard.change("strategy", "batch")
    assert switched.updates == 0
    assert "set aside at 62%" in switched.record.events[0].text
    train_until(switched, 3)
    train_until(left_alone, 3)
    assert same_bits(weights_of(switched), weights_of(left_alone))


def test_batch_chosen_mid_epoch_first_takes_the_examples_not_yet_seen(
    trainer: Callable[..., Trainer],
) -> None:
    subject = trainer()
    train_until(subject, 40)
    Switchboard(subject).change("strategy", "batch")
    assert "the first update takes the 57 examples left" in subject.record.events[-1].note
    train_until(subject, 41)
    assert subject.examples == 97
    train_until(subject, 42)
    assert subject.examples == 2 * 97


def test_what_changed_is_said_and_what_did_not_is_not(trainer: Callable[..., Trainer]) -> None:
    subject = trainer(momentum=0.9)
    train_until(subject, 10)
    switchboard = Switchboard(subject)
    switchboard.change("lr", 0.01)
    switchboard.change("strategy", "stochastic")
    assert subject.record.events == ()
    switchboard.change("lr", "0.1")
    switchboard.change("batch_size", 32)
    switchboard.change("optimizer", "adam")
    texts = [event.text for event in subject.record.events]
    assert texts == [
        "learning rate 0.01 → 0.1",
        "strategy stochastic → mini-batch 32",
        "optimizer sgd → adam; reset: momentum",
    ]
    assert [event.number for event in subject.record.events] == [1, 2, 3]
    assert all(event.at.updates == 10 for event in subject.record.events)


def test_an_optimizer_returned_to_later_has_its_values_but_not_its_memory(
    trainer: Callable[..., Trainer],
) -> None:
    subject = trainer(lr=0.05, momentum=0.9)
    switchboard = Switchboard(subject)
    train_until(subject, 5)
    switchboard.change("optimizer", "adam")
    assert subject.config.learning_rate == 0.001
    train_until(subject, 10)
    switchboard.change("optimizer", "sgd")
    assert subject.config.hyperparameters["momentum"] == 0.9
    assert subject.config.learning_rate == 0.05
    assert not any(subject.optimizer.states())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("lr", "-1", "learning rate: '-1' is not allowed: it must be a number above 0"),
        ("batch_size", 0, "batch size: 0 is not allowed"),
        ("beta1", 0.5, "SGD has no such hyperparameter"),
        ("nesterov", True, "Nesterov needs a momentum"),
        ("model", "lenet", "model: it cannot change within a run"),
        ("colour", "red", "colour: there is no such setting"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    trainer: Callable[..., Trainer], name: str, value: object, said: str
) -> None:
    subject = trainer()
    before = subject.config
    with pytest.raises(UserError) as fault:
        Switchboard(subject).change(name, value)
    assert said in str(fault.value)
    assert subject.config == before
    assert subject.record.events == ()


def test_phases_follow_the_switches_and_one_without_an_update_leaves_no_trace(
    trainer: Callable[..., Trainer],
) -> None:
    subject = trainer()
    switchboard = Switchboard(subject)
    train_until(subject, 10)
    switchboard.change("strategy", "batch")
    switchboard.change("strategy", "stochastic")
    assert [phase.strategy for phase in subject.record.phases] == ["stochastic"]
    switchboard.change("strategy", "batch")
    train_until(subject, 12)
    switchboard.change("batch_size", 8)
    phases = [(p.strategy, p.batch_size, p.start.updates) for p in subject.record.phases]
    assert phases == [("stochastic", 1, 0), ("batch", 97, 10), ("mini-batch", 8, 12)]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_a_checkpoint_restored_trains_bit_for_bit_as_the_run_it_was_taken_from(
    trainer: Callable[..., Trainer], optimizer: str
) -> None:
    subject = trainer(optimizer=optimizer, batch_size=7)
    train_until(subject, 50)
    saved = capture(subject, Switchboard(subject))
    train_until(subject, 200)
    expected, losses = weights_of(subject), subject.record.window.latest(500)
    for _ in range(2):  # a checkpoint can be used again
        Switchboard(subject).change("strategy", "batch")
        restore(subject, saved)
        train_until(subject, 200)
        assert same_bits(weights_of(subject), expected)
        assert (subject.record.window.latest(500) == losses).all()


def test_the_run_is_ready_before_its_first_update(run: Callable[..., Run]) -> None:
    assert run().state is State.READY
