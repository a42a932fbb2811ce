"""Instruments measure what is shown, when it is time, and change nothing of the training."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from core.commands import Advance, Fork, Reset, Select, ShowInstruments, Start
from core.config import configure
from core.data.dataset import Dataset
from core.figures import Instrument
from core.measuring import instruments
from core.run import Run
from core.snapshot import State
from core.steppers.fused.preparation import Preparation
from tests.core.conftest import NO_KERNELS, same_bits, weights_of, work_off
from tests.core.fleets import asked, engine_of

EVERY = frozenset(Instrument)
SETTINGS: list[dict[str, object]] = [
    {"strategy": "stochastic"},
    {"batch_size": 8, "strategy": "mini-batch", "optimizer": "adam", "lr": 0.001},
    {"strategy": "batch", "lr": 0.1},
]


@pytest.fixture(scope="module")
def kernels() -> Preparation:
    prepared = Preparation()
    prepared.finish()
    return prepared


@pytest.mark.parametrize("given", SETTINGS)
@pytest.mark.parametrize("compiled", [False, True])
def test_looking_changes_no_bit(
    given: dict[str, object],
    compiled: bool,
    data: Dataset,
    kernels: Preparation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(instruments, "RARELY", 0)
    config = configure({"eval_every": "epoch", **given})
    made_by = kernels if compiled else NO_KERNELS
    seen, unseen = (Run("run 1", config, data, made_by) for _ in range(2))
    seen.instruments.show(EVERY)
    looks = 0
    for run in (seen, unseen):
        run.obey(Advance(60))
        while run.work():
            looks += run.instruments.busy
    assert looks >= 3
    assert same_bits(weights_of(seen.trainer), weights_of(unseen.trainer))


def _ticks() -> Callable[[], float]:
    """A clock by which everything takes a while."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1e-3
        return now

    return clock


def test_what_nobody_looks_at_is_not_measured(run: Callable[..., Run]) -> None:
    subject = run()
    subject.obey(Advance(50))
    work_off(subject)
    shown = subject.instruments
    assert (shown.layers, shown.weights, shown.confusion, shown.remarks) == (None, None, None, ())


def test_at_rest_this_moment_is_measured_once(run: Callable[..., Run]) -> None:
    subject = run()
    work_off(subject)
    assert subject.wait() == float("inf")
    subject.instruments.show(EVERY)
    assert subject.wait() == 0
    work_off(subject)
    found = subject.instruments.layers
    assert found is not None
    assert subject.instruments.weights is not None
    assert subject.instruments.confusion is not None
    assert (subject.wait(), subject.work()) == (float("inf"), False)
    subject.obey(Advance(3))
    work_off(subject)
    later = subject.instruments.layers
    assert later is not None
    assert later.at.updates == 3
    assert all(row.update is not None for row in later.rows)


def test_what_is_put_away_is_broken_off_and_the_run_rests(run: Callable[..., Run]) -> None:
    subject = run()
    work_off(subject)
    subject.trainer.micro_batch = 1  # in many pieces
    subject.instruments.show(EVERY)
    subject.instruments.begin_if_wanted()
    assert subject.busy
    subject.instruments.show(frozenset())
    assert not subject.busy
    assert subject.wait() == float("inf")


def test_from_one_measurement_to_the_next_it_trains_for_as_long_as_agreed(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instruments, "RARELY", 3)  # times as long as one took; it is 100
    subject = Run("run 1", configure({"eval_every": "epoch"}), data, NO_KERNELS, _ticks())
    subject.instruments.show(frozenset({Instrument.LAYERS}))
    subject.obey(Advance(2000))
    moments = []
    while subject.work():
        found = subject.instruments.layers
        if found and found.at.updates not in [at.updates for at, _ in moments]:
            moments.append((found.at, found.seconds))
    assert len(moments) > 2
    for (at, cost), (later, _) in pairwise(moments[1:-1]):
        assert later.seconds - at.seconds >= 3 * cost


def test_confusion_is_of_the_latest_evaluation(run: Callable[..., Run], data: Dataset) -> None:
    subject = run()
    subject.instruments.show(EVERY)
    subject.obey(Advance(200))
    work_off(subject)
    found, record = subject.instruments.confusion, subject.trainer.record
    assert found is not None
    assert record.evaluation is not None
    assert found.judged_at == record.evaluation.at
    assert found.right == round((record.evaluation.accuracy or 0) * len(data.test))
    assert found.counts is not None
    assert found.counts.sum() == found.judged == len(data.test)


class Fickle(nn.Module):
    """Fails when it is only looked at, with gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(36, 10)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training and torch.is_grad_enabled() and not torch.is_inference_mode_enabled():
            raise ValueError("not like this")
        return self.layer(x.flatten(1))  # type: ignore[no-any-return]


def test_an_instrument_that_fails_says_why_and_training_goes_on(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = run()
    monkeypatch.setattr(subject.trainer, "model", Fickle())
    subject.instruments.show(frozenset({Instrument.LAYERS}))
    work_off(subject)
    assert [*subject.instruments.troubles] == [Instrument.LAYERS]
    assert subject.instruments.troubles[Instrument.LAYERS].endswith("ValueError: not like this")
    assert subject.state is State.READY
    assert subject.wait() == float("inf")
    subject.instruments.show(frozenset())
    subject.instruments.show(frozenset({Instrument.LAYERS}))
    assert subject.instruments.troubles == {}


def test_a_run_that_begins_again_is_measured_anew(run: Callable[..., Run]) -> None:
    subject = run()
    subject.instruments.show(EVERY)
    subject.obey(Advance(20))
    work_off(subject)
    subject.obey(Reset())
    assert subject.instruments.layers is None
    subject.instruments.show(EVERY)
    work_off(subject)
    assert subject.instruments.layers is not None
    assert subject.instruments.layers.at.updates == 0


def test_a_pause_is_answered_in_the_middle_of_a_measurement(run: Callable[..., Run]) -> None:
    subject = run()
    work_off(subject)
    subject.trainer.micro_batch = 1
    subject.instruments.show(frozenset({Instrument.LAYERS}))
    subject.obey(Start())
    while not subject.instruments.busy:
        subject.work()
    updates = subject.trainer.updates
    subject._pause()
    work_off(subject)
    assert subject.trainer.updates == updates
    assert subject.instruments.layers is not None
    assert subject.instruments.layers.at.updates == updates


def test_of_several_runs_the_selected_one_is_measured() -> None:
    engine = engine_of(model="softmax")
    snapshot = asked(engine, ShowInstruments(EVERY), Fork())
    parent, fork = snapshot.runs
    assert fork.layers is not None
    assert fork.confusion is not None
    asked(engine, Advance(2), run=parent.id)
    assert [run.layers and run.layers.at.updates for run in engine.snapshot.runs] == [0, 0]
    asked(engine, Select(), run=parent.id)
    assert [run.layers and run.layers.at.updates for run in engine.snapshot.runs] == [2, 0]
    assert engine.snapshot.run is not None
    assert engine.snapshot.run.weights is not None
    assert engine.snapshot.run.weights.filters is not None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_tells_what_the_processor_does(data: Dataset) -> None:
    def told(device: str) -> Run:
        halves = (half.to(device) for half in (data.train, data.test))  # type: ignore[attr-defined]
        placed = Dataset(data.spec, *halves)
        subject = Run("run 1", configure({"device": device}), placed, NO_KERNELS)
        subject.instruments.show(EVERY)
        work_off(subject)
        return subject

    here, there = told("cpu").instruments, told("cuda").instruments
    assert here.troubles == there.troubles == {}
    assert here.layers is not None
    assert there.layers is not None
    for one, other in zip(here.layers.rows, there.layers.rows, strict=True):
        assert one.gradient == pytest.approx(other.gradient, rel=1e-3)
        assert one.weight == pytest.approx(other.weight, rel=1e-5)
        assert one.dead == other.dead
