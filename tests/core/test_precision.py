"""Precision can be flipped in the middle of a run: what changes is how products are computed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F

from core.commands import Advance, Change, Undo
from core.config import configure
from core.data.dataset import Dataset
from core.errors import UserError
from core.models.simplenet import SimpleNet
from core.precision import products
from core.record import Record
from core.run import Run
from core.steppers.fused.preparation import Preparation
from core.trainer import Trainer
from tests.core.conftest import NO_KERNELS, same_bits, train_until, weights_of, work_off

CPU = torch.device("cpu")


def test_bfloat16_is_what_plain_autocast_computes(
    trainer: Callable[..., Trainer], data: Dataset
) -> None:
    ours = trainer(batch_size=8, optimizer="adam", precision="bfloat16", seed=4)
    train_until(ours, 120)
    torch.manual_seed(4)
    model = SimpleNet(36)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    generator, rows = torch.Generator().manual_seed(4), torch.empty(0, dtype=torch.int64)
    assert data.train.inputs is not None
    for _ in range(120):
        if not len(rows):
            rows = torch.randperm(97, generator=generator)
        some, rows = rows[:8], rows[8:]
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(model(data.train.inputs[some]), data.train.targets[some])
        loss.backward()
        optimizer.step()
    assert same_bits(weights_of(ours), [each.detach() for each in model.parameters()])
    assert {weights.dtype for weights in weights_of(ours)} == {torch.float32}


@pytest.mark.parametrize("given", [{"batch_size": 8}, {"strategy": "batch"}])
def test_a_flip_in_mid_run_counts_from_the_next_update_on_and_can_be_undone(
    run: Callable[..., Run], given: dict[str, object]
) -> None:
    subject, straight = run(**given), run(**given)
    subject.trainer.micro_batch = straight.trainer.micro_batch = 40
    for each in (subject, straight):
        each.obey(Advance(5))
        work_off(each)
    if given.get("strategy"):
        subject.obey(Advance(1))
        while not subject.trainer.mid_update:
            subject.work()
    subject.obey(Change("precision", "bfloat16"))
    (event,) = [each for each in subject.trainer.record.events if each.what == "precision"]
    assert event.text.startswith("precision float32 → bfloat16")
    assert ("set aside" in event.text) == ("strategy" in given)
    subject.obey(Advance(3))
    work_off(subject)
    straight.obey(Advance(3))
    work_off(straight)
    assert not same_bits(weights_of(subject.trainer), weights_of(straight.trainer))
    subject.obey(Undo())
    assert subject.trainer.config.precision == "float32"
    subject.obey(Advance(8 - subject.trainer.updates))
    work_off(subject)
    assert same_bits(weights_of(subject.trainer), weights_of(straight.trainer))


def test_a_network_is_judged_in_float32_whatever_trains_it(run: Callable[..., Run]) -> None:
    subject = run(batch_size=8, precision="bfloat16")
    subject.obey(Advance(5))
    work_off(subject)
    subject.examine()
    work_off(subject)
    trainer, evaluation = subject.trainer, subject.trainer.record.evaluation
    assert evaluation is not None
    test = trainer.data.test
    with torch.no_grad():
        expected = F.cross_entropy(trainer.model(test.span(0, 40)[0]), test.targets)
    assert evaluation.loss == pytest.approx(float(expected), rel=1e-6)


def test_the_kernels_compute_in_float32_alone(data: Dataset) -> None:
    ready = Preparation()
    ready.fault, ready.ready = "", True
    trainer = Trainer(configure({"precision": "bfloat16"}), data, Record(), ready)
    assert trainer.stepper.name == "autograd"
    assert trainer.slower_because == "the kernels compute in float32"
    trainer.config = trainer.config.changed("precision", "float32")
    trainer.use_best_stepper()
    assert trainer.stepper.name == "fused"


def test_tf32_is_refused_where_no_card_has_it(
    trainer: Callable[..., Trainer], run: Callable[..., Run]
) -> None:
    refused = "precision: tf32 needs an NVIDIA card of the Ampere generation .* cpu computes in"
    with pytest.raises(UserError, match=refused):
        trainer(precision="tf32")
    subject = run()
    events = len(subject.trainer.record.events)
    with pytest.raises(UserError, match=refused):
        subject.obey(Change("precision", "tf32"))
    assert subject.trainer.config.precision == "float32"
    assert len(subject.trainer.record.events) == events


@pytest.mark.parametrize(("precision", "meant"), [("tf32", "tf32"), ("float32", "ieee")])
def test_torchs_switches_are_set_for_a_slice_and_put_back(precision: str, meant: str) -> None:
    cudnn = torch.backends.cudnn
    switches = torch.backends.cuda.matmul, cudnn.conv, cudnn.rnn
    before = [switch.fp32_precision for switch in switches]
    with products(precision, torch.device("cuda")):
        assert [switch.fp32_precision for switch in switches] == [meant] * 3
    assert [switch.fp32_precision for switch in switches] == before
    with products(precision, CPU):
        assert [switch.fp32_precision for switch in switches] == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("precision", ["tf32", "bfloat16"])
def test_a_gpu_trains_in_less_exact_products(data: Dataset, precision: str) -> None:
    from dataclasses import replace

    on_gpu = replace(data, train=data.train.to("cuda"), test=data.test.to("cuda"))  # type: ignore[attr-defined]
    ends = []
    for each in ("float32", precision):
        trainer = Trainer(
            configure({"batch_size": 8, "precision": each}), on_gpu, Record(), NO_KERNELS
        )
        train_until(trainer, 200)
        ends.append(weights_of(trainer))
    torch.testing.assert_close(*ends, rtol=0.1, atol=0.05)
