"""How a path shakes is measured off the training clock, and changes nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from core.commands import Advance, Change, Start
from core.config import configure
from core.data.dataset import Dataset
from core.measuring.prober import Prober
from core.measuring.steadiness import WINDOW
from core.measuring.turns import Turns
from core.measuring.weights import flat
from core.run import Run
from core.snapshot import State
from core.steppers.fused.preparation import Preparation
from tests.core.conftest import NO_KERNELS, same_bits, weights_of, work_off

SETTINGS: list[dict[str, object]] = [
    {"strategy": "stochastic"},
    {"strategy": "stochastic", "optimizer": "adam", "lr": 0.001},
    {"batch_size": 8, "momentum": 0.9},
    {"strategy": "batch", "optimizer": "rmsprop", "lr": 0.001},
]


class Blind(Prober):
    """Never looks."""

    def advance(self, most: int, seconds: float) -> None:
        self._trainer.advance(most, seconds)

    def begin_if_due(self) -> None:
        pass


@pytest.fixture(scope="module")
def kernels() -> Preparation:
    prepared = Preparation()
    prepared.finish()
    return prepared


@pytest.mark.parametrize("given", SETTINGS)
@pytest.mark.parametrize("compiled", [False, True])
def test_looking_changes_no_bit(
    given: dict[str, object], compiled: bool, data: Dataset, kernels: Preparation
) -> None:
    config = configure({"eval_every": "epoch", **given})
    made_by = kernels if compiled else NO_KERNELS
    seen, unseen = (Run("run 1", config, data, made_by) for _ in range(2))
    unseen.prober = Blind(unseen.trainer, unseen.clock, 0)
    unseen._turns = Turns(unseen.prober, unseen.instruments)
    seen.prober._noise_due = 0.0
    for run in (seen, unseen):
        run.obey(Advance(400))
        work_off(run)
    assert seen.prober.steadiness is not None
    assert seen.prober.noise_scale is not None
    assert seen.trainer.stepper.name == ("fused" if compiled else "autograd")
    assert same_bits(weights_of(seen.trainer), weights_of(unseen.trainer))


def test_the_updates_watched_are_those_that_are_made(run: Callable[..., Run]) -> None:
    subject = run(lr=0.02)
    subject.obey(Advance(WINDOW))
    work_off(subject)
    alone = run(lr=0.02).trainer
    path = [flat(alone.optimizer.parameters)]
    for _ in range(WINDOW):
        alone.advance(1)
        path.append(flat(alone.optimizer.parameters))
    updates = torch.stack(path).double().diff(dim=0)
    cosines = torch.cosine_similarity(updates[1:], updates[:-1], dim=1)
    lengths = updates.norm(dim=1)
    steadiness = subject.prober.steadiness
    assert steadiness is not None
    assert steadiness.updates == WINDOW
    assert steadiness.at.updates == WINDOW
    assert steadiness.cosine == pytest.approx(float(cosines.mean()), abs=1e-4)
    detour = float(lengths.sum() / updates.sum(0).norm())
    assert steadiness.detour == pytest.approx(detour, rel=1e-4)


def test_measuring_takes_no_training_time_and_little_of_any(data: Dataset) -> None:
    """By a clock that moves only while somebody measures, the next time is far away."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1e-4
        return now

    subject = Run("run 1", configure({"eval_every": "epoch"}), data, NO_KERNELS, clock)
    work_off(subject)
    subject.prober._noise_due = 0.0
    subject.obey(Advance(300))
    work_off(subject)
    noise, steadiness = subject.prober.noise_scale, subject.prober.steadiness
    assert noise is not None
    assert steadiness is not None
    assert subject.prober._noise_due >= noise.at.seconds + 100 * noise.seconds
    assert subject.prober._path_due >= steadiness.at.seconds + 100 * steadiness.seconds


def test_another_strategy_forgets_how_straight_the_last_one_went(run: Callable[..., Run]) -> None:
    subject = run(strategy="batch")
    subject.obey(Advance(WINDOW + 2))
    work_off(subject)
    assert subject.prober.steadiness is not None
    subject.obey(Change("strategy", "stochastic"))
    subject.prober._path_due = 0.0
    subject.obey(Advance(3))
    work_off(subject)
    assert subject.prober.steadiness is None


def test_a_pause_is_answered_in_the_middle_of_a_measurement(run: Callable[..., Run]) -> None:
    subject = run()
    subject.prober._noise_due = 0.0
    subject.obey(Start())
    while not subject.prober.busy:
        subject.work()
    subject._pause()
    assert not subject.work()
    assert subject.wait() == float("inf")
    subject.obey(Advance(1))
    work_off(subject)
    assert subject.prober.noise_scale is not None


def test_changes_while_it_measures_do_not_begin_it_again(run: Callable[..., Run]) -> None:
    subject = run()
    subject.prober._noise_due = 0.0
    subject.obey(Start())
    while not subject.prober.busy:
        subject.work()
    for rate in range(300):
        subject.obey(Change("lr", 0.001 + rate / 1e6))
        subject.work()
    assert subject.prober.noise_scale is not None


def test_watching_does_not_begin_in_the_middle_of_an_update(run: Callable[..., Run]) -> None:
    subject = run(strategy="batch")
    subject.trainer.micro_batch = 16
    subject.obey(Advance(WINDOW + 1))
    work_off(subject)
    subject.prober._path_due = float("inf")
    subject.obey(Advance(WINDOW + 3))
    while not subject.trainer.mid_update:
        subject.work()
    subject.prober._path_due = 0.0
    work_off(subject)
    assert (subject.state, subject.reason) == (State.PAUSED, "")
    assert subject.prober.steadiness is not None
    assert subject.prober.steadiness.at.updates == 2 * WINDOW + 2


def test_a_fault_in_a_measurement_is_over_when_training_goes_on(run: Callable[..., Run]) -> None:
    subject = run()
    subject.prober._noise_due = 0.0
    subject.obey(Start())
    while not subject.prober.busy:
        subject.work()

    def broken() -> Iterator[None]:
        raise RuntimeError("out of memory")
        yield

    subject.prober._measuring = broken()
    subject.work()
    assert "out of memory" in subject.reason
    subject.obey(Advance(5))
    work_off(subject)
    assert subject.state is State.PAUSED
