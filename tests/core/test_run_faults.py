"""What goes wrong in a run, and the ways back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.commands import (
    Advance,
    Change,
    GoBack,
    Reset,
    Start,
)
from core.data.dataset import Dataset
from core.errors import UserError
from core.run import Run
from core.snapshot import State

from .conftest import NO_KERNELS, same_bits, weights_of, work_off


def test_the_record_that_follows_another_has_a_newer_revision(run: Callable[..., Run]) -> None:
    subject = run()
    revisions = []
    for command in (Advance(60), Reset(), Advance(60), GoBack(), GoBack(), Reset(5), GoBack()):
        subject.obey(command)
        work_off(subject)
        revisions.append(subject.trainer.record.revision)
    assert revisions == sorted(set(revisions))


def test_reset_keeps_the_settings_and_can_be_taken_back(run: Callable[..., Run]) -> None:
    subject = run()
    subject.obey(Change("lr", 0.05))
    subject.obey(Advance(60))
    work_off(subject)
    before = weights_of(subject.trainer)
    subject.obey(Reset(9))
    assert subject.trainer.config.learning_rate == 0.05
    work_off(subject)
    subject.obey(GoBack())
    work_off(subject)
    assert subject.trainer.updates == 60
    assert subject.trainer.config.seed == 0
    assert same_bits(weights_of(subject.trainer), before)


def test_going_back_by_mistake_can_be_taken_back(run: Callable[..., Run]) -> None:
    subject = run(eval_every=40)
    subject.obey(Advance(60))
    work_off(subject)
    ahead = weights_of(subject.trainer)
    for updates in (40, 60):
        subject.obey(GoBack())
        assert (subject.state, subject.trainer.updates) == (State.PAUSED, updates)
        here = f"went back from update {100 - updates} to {updates}"
        assert subject.trainer.record.events[-1].text == here
    assert same_bits(weights_of(subject.trainer), ahead)


def test_divergence_pauses_says_why_and_offers_the_way_back(run: Callable[..., Run]) -> None:
    subject = run(eval_every=20)
    subject.obey(Advance(60))
    work_off(subject)
    good = weights_of(subject.trainer)
    subject.obey(Change("lr", 1000))
    subject.obey(Start())
    work_off(subject)
    assert subject.state is State.DIVERGED
    failed_at = subject.trainer.updates + 1
    assert f"the loss of update {failed_at:,} is not finite" in subject.reason
    assert subject.trainer.record.events[-1].what == "diverged"
    subject.obey(Change("speed", 100))
    subject.obey(Change("updates", 5))  # met already, but that is no news now
    assert subject.state is State.DIVERGED
    subject.obey(Change("updates", None))
    subject.obey(GoBack())
    assert subject.trainer.config.speed == 100
    assert "learning rate 1000 → 0.01" in subject.trainer.record.events[-1].note
    subject.obey(Change("speed", None))
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, 60)
    assert same_bits(weights_of(subject.trainer), good)
    history = subject.trainer.record.history()
    assert all(curve.x[-1] <= 5820 for curve in history.train_loss.values())
    subject.obey(Change("lr", 0.01))
    subject.obey(Advance(20))
    work_off(subject)
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, 80)


def test_an_update_whose_loss_is_not_finite_is_not_made(data: Dataset) -> None:
    from dataclasses import replace

    from core.config import configure
    from core.data.split import Resident

    images = data.train.inputs.clone()
    images[5] = float("nan")
    broken = replace(data, train=Resident(images, data.train.targets))
    subject = Run("run 1", configure({"order": "sequential"}), broken, NO_KERNELS)
    subject.obey(Start())
    work_off(subject)
    assert (subject.state, subject.trainer.updates) == (State.DIVERGED, 5)
    assert all(torch.isfinite(weight).all() for weight in weights_of(subject.trainer))


def test_going_back_before_there_is_anywhere_to_go_is_refused(run: Callable[..., Run]) -> None:
    with pytest.raises(UserError, match="no earlier moment"):
        run().obey(GoBack())


def test_an_error_in_a_slice_pauses_the_run_with_its_cause(run: Callable[..., Run]) -> None:
    subject = run()
    work_off(subject)

    def broken(*_: object) -> None:
        raise RuntimeError("the roof\nleaks")

    stepper = subject.trainer.stepper
    subject.trainer.stepper.updates = broken  # type: ignore[assignment, method-assign]
    subject.obey(Start())
    work_off(subject)
    assert subject.state is State.FAILED
    assert subject.reason.endswith(": RuntimeError: the roof leaks")
    assert subject.trainer.record.events[-1].what == "error"
    del stepper.updates
    subject.obey(Advance(3))
    work_off(subject)
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, 3)


def test_updates_made_before_an_error_in_the_same_slice_count(
    run: Callable[..., Run],
) -> None:
    subject, straight = run(batch_size=2), run(batch_size=2)
    work_off(subject)
    optimizer = subject.trainer.optimizer
    steps = 0

    def failing() -> None:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise RuntimeError("the roof leaks")
        type(optimizer).step(optimizer)

    optimizer.step = failing  # type: ignore[method-assign]
    subject.obey(Start())
    work_off(subject)
    assert subject.state is State.FAILED
    assert subject.reason.endswith(": RuntimeError: the roof leaks")
    assert subject.trainer.updates == 3
    for each in (subject, straight):
        each.obey(Advance(10 - each.trainer.updates))
        work_off(each)
    assert same_bits(weights_of(subject.trainer), weights_of(straight.trainer))


def test_started_again_after_a_divergence_it_tries_again(run: Callable[..., Run]) -> None:
    subject = run(strategy="batch")
    work_off(subject)
    subject.trainer.micro_batch = 10
    subject.trainer.diverged = True
    subject.obey(Start())
    subject.work()
    assert subject.state is State.RUNNING


def test_an_error_in_the_first_evaluation_can_be_got_over(run: Callable[..., Run]) -> None:
    subject = run()
    forward = subject.trainer.model.forward
    subject.trainer.model.forward = lambda _: 1 / 0  # type: ignore[method-assign]
    work_off(subject)
    assert subject.state is State.FAILED
    assert subject.reason.endswith(": ZeroDivisionError: division by zero")
    subject.trainer.model.forward = forward  # type: ignore[method-assign]
    subject.obey(Advance(3))
    work_off(subject)
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, 3)
