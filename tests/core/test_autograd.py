"""The autograd stepper asks for as little as it can: memory, and looks at its loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.config import configure
from core.data.dataset import Dataset
from core.losses import Loss
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import OPTIMIZERS
from core.record import Record
from core.steppers.autograd import AutogradStepper
from core.trainer import Trainer

from .conftest import NO_KERNELS, same_bits, train_until, weights_of


@pytest.mark.parametrize("given", [{}, {"batch_size": 7}])
def test_examples_are_copied_to_the_same_place_for_every_update(
    trainer: Callable[..., Trainer], given: dict[str, object]
) -> None:
    subject = trainer(**given)
    places: list[int] = []

    def note(_model: object, inputs: tuple[torch.Tensor, ...]) -> None:
        places.append(inputs[0].data_ptr())

    subject.model.register_forward_pre_hook(note)
    train_until(subject, 10)  # of 13 or more to the epoch
    assert len(places) == 10
    assert len(set(places)) == 1


def test_optimizers_take_their_fused_form_where_torch_has_one(
    trainer: Callable[..., Trainer],
) -> None:
    for name in ("sgd", "adam", "adamw", "adagrad"):
        (part,) = trainer(optimizer=name).optimizer.parts
        assert part.defaults["fused"] is True
    (part,) = trainer(optimizer="nadam").optimizer.parts
    assert not part.defaults.get("fused")


# On a device that works while the computer goes on, losses are looked at together


SIZE = 8


def a_stepper(
    data: Dataset, optimizer: str = "adam", *, collects: bool, dropping: bool = True
) -> AutogradStepper:
    torch.manual_seed(2)
    layers = (nn.Linear(36, 16), nn.BatchNorm1d(16), nn.Dropout(0.2), nn.Linear(16, 10))
    chain = (nn.Linear(36, 16), nn.ReLU(), nn.Linear(16, 10))
    model = nn.Sequential(nn.Flatten(), *(layers if dropping else chain))
    spec = OPTIMIZERS[optimizer]
    live = LiveOptimizer(spec, model.parameters(), spec.complete({}))
    return AutogradStepper(model, Loss("cross-entropy"), live, data.train, collects=collects)


def some_rows(count: int) -> Tensor:
    return torch.randint(97, (count, SIZE), generator=torch.Generator().manual_seed(5))


def all_of(stepper: AutogradStepper) -> list[Tensor]:
    """All that decides the updates to come."""
    memories = [value for state in stepper.optimizer.states() for value in state.values()]
    values = [*stepper._model.state_dict().values(), *memories, torch.get_rng_state()]
    return [value.clone() for value in values]


def break_at(stepper: AutogradStepper, which: Tensor, how: Callable[[Tensor], Tensor]) -> None:
    """Let what the model says of the examples `which` go through `how` from now on."""
    inputs = stepper._examples.take(which)[0].clone()

    def look(_model: nn.Module, given: tuple[Tensor], said: Tensor) -> Tensor | None:
        return how(said) if torch.equal(given[0], inputs) else None

    stepper._model.register_forward_hook(look)


def infinite(said: Tensor) -> Tensor:
    return said * torch.inf


def failing(_said: Tensor) -> Tensor:
    raise ValueError("as users' code does")


@pytest.mark.parametrize("dropping", [True, False])
def test_updates_looked_at_together_are_those_looked_at_one_by_one(
    data: Dataset, dropping: bool
) -> None:
    ends = []
    for collects in (False, True):
        stepper = a_stepper(data, collects=collects, dropping=dropping)
        torch.manual_seed(9)
        rows, losses = some_rows(40), []
        for some in rows.split(10):
            losses += stepper.updates(some, np.full(10, 0.01)).tolist()
        ends.append([*all_of(stepper), torch.tensor(losses)])
    assert same_bits(*ends)


@pytest.mark.parametrize("bad", [0, 1, 6, 9])
@pytest.mark.parametrize("first", [0, 10])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_an_update_whose_loss_is_not_finite_is_not_made_nor_one_after_it(
    data: Dataset, bad: int, first: int, optimizer: str
) -> None:
    ends = []
    for collects in (False, True):
        stepper = a_stepper(data, optimizer, collects=collects)
        torch.manual_seed(9)
        rows, rates = some_rows(20), np.full(10, 0.01)
        if first:  # else the optimizer's memory begins in this very slice
            stepper.updates(rows[:10], rates)
        break_at(stepper, rows[10 + bad], infinite)
        losses = stepper.updates(rows[10:], rates)
        assert len(losses) == bad + 1
        assert np.isfinite(losses[:-1]).all()
        assert not np.isfinite(losses[-1])
        ends.append(all_of(stepper))
    assert same_bits(*ends)


@pytest.mark.parametrize("collects", [False, True])
def test_an_update_that_raises_is_told_after_those_before_it(data: Dataset, collects: bool) -> None:
    stepper = a_stepper(data, collects=collects)
    torch.manual_seed(9)
    rows, rates = some_rows(10), np.full(10, 0.01)
    break_at(stepper, rows[6], failing)
    assert len(stepper.updates(rows, rates)) == 6
    after = all_of(stepper)
    with pytest.raises(ValueError, match="as users' code does"):
        stepper.updates(rows[6:], rates[6:])
    with pytest.raises(ValueError, match="as users' code does"):
        stepper.updates(rows[6:], rates[6:])
    assert same_bits(all_of(stepper), after)
    plain = a_stepper(data, collects=False)
    torch.manual_seed(9)
    plain.updates(rows[:6], rates[:6])
    assert same_bits(all_of(plain), after)


def test_what_an_update_raised_is_forgotten_when_others_are_to_be_made(data: Dataset) -> None:
    stepper = a_stepper(data, collects=True)
    rows, rates = some_rows(20), np.full(10, 0.01)
    break_at(stepper, rows[6], failing)
    assert len(stepper.updates(rows[:10], rates)) == 6
    stepper.abandon()  # as a change of the batch size does
    assert len(stepper.updates(rows[10:], rates)) == 10


def test_every_piece_of_a_large_update_is_waited_for_where_a_device_works_by_itself(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited, item = 0, Tensor.item

    def note(tensor: Tensor) -> object:
        nonlocal waited
        waited += 1
        return item(tensor)

    monkeypatch.setattr(Tensor, "item", note)
    stepper = a_stepper(data, "sgd", collects=True)
    for piece in torch.arange(90).split(30):
        stepper.accumulate(piece, 90)
    assert waited == 3


def test_a_slice_is_waited_for_once(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = a_stepper(data, "sgd", collects=True)
    monkeypatch.setattr(Tensor, "item", None)
    monkeypatch.setattr(Tensor, "__float__", None)
    monkeypatch.setattr(Tensor, "tolist", None)
    assert len(stepper.updates(some_rows(10), np.full(10, 0.01))) == 10


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_walks_the_path_of_the_processor(data: Dataset) -> None:
    ends = []
    for device in ("cpu", "cuda"):
        on_device = replace(data, train=data.train.to(device), test=data.test.to(device))  # type: ignore[attr-defined]
        config = configure({"batch_size": 8, "optimizer": "adam", "stepper": "autograd"})
        trainer = Trainer(config, on_device, Record(), NO_KERNELS)
        train_until(trainer, 500)
        ends.append([weights.cpu() for weights in weights_of(trainer)])
    torch.testing.assert_close(*ends, rtol=1e-3, atol=1e-4)
