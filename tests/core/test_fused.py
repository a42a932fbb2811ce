"""The compiled kernels walk the path that autograd walks, on the same memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core.commands import Advance, Change
from core.config import configure
from core.data.dataset import Dataset
from core.losses import Loss
from core.models.lenet import LeNet
from core.models.perceptron import perceptron
from core.models.simplenet import SimpleNet
from core.models.softmax import SoftmaxRegression
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import OPTIMIZERS
from core.record import Record
from core.run import Run
from core.snapshot import State
from core.steppers.autograd import AutogradStepper
from core.steppers.fused.chain import chain_of
from core.steppers.fused.preparation import Preparation
from core.trainer import Trainer

from .conftest import NO_KERNELS, same_bits, train_until, weights_of, work_off

pytest.importorskip("numba", reason="kernels need numba, which this Python may be too new for")
kernels = Preparation()
kernels.finish()
assert not kernels.fault, kernels.fault

# Both sides round differently (kernels add up in another order), by a unit in the last place of
# float32 (6e-8) per operation. A few updates agree to little more than that. Over thousands the
# rounding grows: autograd in float32 itself strays by some 1e-4 from autograd in float64, most
# where a rule divides by a small spread. So: a tight look at the first updates, at which a wrong
# formula shows, and a wider one at where the paths lead.
SOON = {"rtol": 1e-5, "atol": 2e-6}
CLOSE = {"rtol": 1e-3, "atol": 1e-3}
UPDATES = {1: 3000, 3: 500, 16: 2000, 64: 500}  # of batches of that size

RULES: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9, "weight_decay": 1e-3}),
    ("sgd", {"momentum": 0.8, "nesterov": True}),
    ("sgd", {"momentum": 0.9, "dampening": 0.3}),
    ("adagrad", {"lr_decay": 1e-4, "weight_decay": 1e-4}),
    # A larger epsilon than the default: where a gradient is nearly zero, its rounding over its own
    # size would decide the step.
    ("rmsprop", {"lr": 1e-4, "eps": 1e-4}),
    ("rmsprop", {"lr": 1e-4, "eps": 1e-3, "momentum": 0.5, "centered": True}),
    ("adam", {"lr": 1e-4, "eps": 1e-4, "weight_decay": 1e-4}),
    ("adam", {"lr": 1e-4, "eps": 1e-4, "amsgrad": True}),
    ("adamw", {"lr": 1e-4, "eps": 1e-4}),
]
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "ReLU": lambda: SimpleNet(36),
    "none": lambda: SoftmaxRegression(36),
    "tanh": lambda: _chain(nn.Tanh()),
    "sigmoid": lambda: _chain(nn.Sigmoid()),
    "deep": lambda: perceptron(36, (20, 12, 15), 10),
}


def _chain(activation: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 17), activation, nn.Linear(17, 10))


def stepper_on(kind: str, network: str, name: str, data: Dataset, **given: Any) -> Any:
    from core.steppers.fused.stepper import FusedStepper

    torch.manual_seed(0)
    model = NETWORKS[network]()
    spec = OPTIMIZERS[name]
    optimizer = LiveOptimizer(spec, model.parameters(), spec.complete(given))
    if kind == "autograd":
        return AutogradStepper(model, Loss("cross-entropy"), optimizer, data.train)
    chain = chain_of(model)
    assert chain is not None
    return FusedStepper(chain, optimizer, data.train.inputs, data.train.targets)


def walk(stepper: Any, rows: torch.Tensor) -> list[torch.Tensor]:
    """The losses of these updates, and the parameters after them."""
    rates = np.full(len(rows), stepper.optimizer.values["lr"])
    losses = stepper.updates(rows, rates)
    assert len(losses) == len(rows)
    return [torch.from_numpy(losses), *(p.detach() for p in stepper.optimizer.parameters)]


def assert_same_walk(fused: Any, autograd: Any, rows: torch.Tensor) -> None:
    for part, tolerance in ((rows[:20], SOON), (rows[20:], CLOSE)):
        torch.testing.assert_close(walk(fused, part), walk(autograd, part), **tolerance)


def some_rows(updates: int, size: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(size).integers(0, 97, (updates, size)))


@pytest.mark.parametrize("size", UPDATES)
@pytest.mark.parametrize(("name", "given"), RULES)
def test_every_rule_follows_autograd(
    data: Dataset, name: str, given: dict[str, Any], size: int
) -> None:
    rows = some_rows(UPDATES[size], size)
    steppers = (stepper_on(kind, "ReLU", name, data, **given) for kind in ("fused", "autograd"))
    assert_same_walk(*steppers, rows)


@pytest.mark.parametrize("size", UPDATES)
@pytest.mark.parametrize("network", [name for name in NETWORKS if name != "ReLU"])
def test_every_activation_and_depth_follows_autograd(
    data: Dataset, network: str, size: int
) -> None:
    rows = some_rows(UPDATES[size], size)
    steppers = (stepper_on(kind, network, "sgd", data) for kind in ("fused", "autograd"))
    assert_same_walk(*steppers, rows)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_large_update_is_the_sum_of_its_parts(data: Dataset, name: str) -> None:
    results = []
    for kind in ("fused", "autograd"):
        stepper = stepper_on(kind, "ReLU", name, data)
        for _ in range(20):
            for part in torch.arange(97).split(30):
                stepper.accumulate(part, 97)
            loss = stepper.apply(0.01)
        shuffled = torch.randperm(97, generator=torch.Generator().manual_seed(1))
        stepper.accumulate(shuffled, 97)
        stepper.abandon()
        stepper.accumulate(shuffled, 97)
        results.append([torch.tensor(loss), torch.tensor(stepper.apply(0.01))])
        results[-1] += [p.detach() for p in stepper.optimizer.parameters]
    torch.testing.assert_close(results[0], results[1], **CLOSE, check_dtype=False)


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_loss_that_is_not_finite_ends_the_slice_at_its_update(
    data: Dataset, name: str, size: int
) -> None:
    stepper = stepper_on("fused", "ReLU", name, data)
    stepper._data.images[50] = np.nan
    rows = torch.arange(80).view(-1, size)
    try:
        losses = stepper.updates(rows, np.full(len(rows), 0.01))
    finally:
        stepper._data.images[50] = 0.0
    assert len(losses) == 50 // size + 1
    assert np.isfinite(losses[:-1]).all()
    assert not np.isfinite(losses[-1])
    assert all(torch.isfinite(p).all() for p in stepper.optimizer.parameters)


CHANGES: list[tuple[str, object]] = [
    ("strategy", "mini-batch"),
    ("optimizer", "adam"),
    ("batch_size", 5),
    ("lr", 0.002),
    ("optimizer", "nadam"),
    ("strategy", "stochastic"),
    ("optimizer", "adamw"),
    ("amsgrad", True),
    ("strategy", "batch"),
    ("optimizer", "sgd"),
    ("momentum", 0.9),
    ("strategy", "stochastic"),
    ("momentum", 0.0),
    ("momentum", 0.5),
    ("nesterov", True),
]


def test_a_run_that_changes_everything_follows_autograd(data: Dataset) -> None:
    runs = [Run("run", configure({"lr": 0.005}), data, k) for k in (kernels, NO_KERNELS)]
    for run in runs:
        work_off(run)
        run.trainer.micro_batch = 40
    for name, value in CHANGES:
        for run in runs:
            run.obey(Advance(120 if run.trainer.config.strategy != "batch" else 7))
            work_off(run)
            run.obey(Change(name, value))
    fused, autograd = runs
    assert fused.trainer.updates == autograd.trainer.updates
    torch.testing.assert_close(weights_of(fused.trainer), weights_of(autograd.trainer), **CLOSE)
    assert "stepper fused → autograd; there is no kernel for NAdam" in [
        event.text for event in fused.trainer.record.events
    ]


def test_any_stepper_takes_over_at_any_safe_point(data: Dataset) -> None:
    """Fused and autograd in turns, every 50 updates: torch stays the one truth."""
    given = {"optimizer": "adam", "lr": 0.001}
    turns = Preparation()
    alternating = Trainer(configure(given), data, Record(), turns)
    straight = Trainer(configure(given), data, Record(), NO_KERNELS)
    for block in range(20):
        turns.ready = bool(block % 2)
        train_until(alternating, 50 * (block + 1))
        assert alternating.stepper.name == ("fused" if block % 2 else "autograd")
    train_until(straight, 1000)
    torch.testing.assert_close(weights_of(alternating), weights_of(straight), **CLOSE)
    steps = {float(s["step"]) for s in alternating.optimizer.states()}
    assert steps == {1000.0}
    changes = [e for e in alternating.record.events if e.what == "stepper"]
    assert [event.at.updates for event in changes] == [50 * k for k in range(1, 20)]


def test_a_kernel_that_becomes_ready_takes_over_between_updates_and_says_so(
    data: Dataset,
) -> None:
    late = Preparation()
    trainer = Trainer(configure({"strategy": "batch"}), data, Record(), late)
    trainer.micro_batch = 40
    trainer.advance()
    assert trainer.mid_update
    late.ready = True
    train_until(trainer, 1)
    assert trainer.stepper.name == "autograd"
    train_until(trainer, 2)
    assert trainer.stepper.name == "fused"
    assert [event.text for event in trainer.record.events] == ["stepper autograd → fused"]


@pytest.mark.parametrize("given", [{}, {"optimizer": "adam"}, {"batch_size": 7}])
def test_same_seed_same_bits(data: Dataset, given: dict[str, Any]) -> None:
    one, other = (Trainer(configure(given), data, Record(), kernels) for _ in range(2))
    train_until(one, 700)
    while other.updates < 700:  # in slices of another length
        other.advance(min(13, 700 - other.updates))
    assert same_bits(weights_of(one), weights_of(other))


@pytest.mark.parametrize(
    ("model", "served"),
    [
        (SimpleNet(), True),
        (SoftmaxRegression(), True),
        (perceptron(784, (3, 2), 10), True),
        (nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.GELU(), nn.Linear(3, 2)), False),
        (nn.Sequential(nn.Linear(4, 3, bias=False)), False),
        (nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.ReLU(), nn.Linear(3, 2)), False),
        (nn.Sequential(nn.Linear(4, 3), nn.ReLU()), False),
        (nn.Sequential(nn.Linear(4, 3).double()), False),
        (LeNet(), False),
    ],
)
def test_only_plain_chains_of_linear_layers_are_served(model: nn.Module, served: bool) -> None:
    assert (chain_of(model) is not None) is served


def test_without_kernels_a_run_says_why_and_goes_on(data: Dataset) -> None:
    run = Run("run", configure({"updates": 3}), data, NO_KERNELS)
    run.obey(Advance(3))
    work_off(run)
    assert run.state is State.FINISHED
    assert run.trainer.stepper.name == "autograd"
    assert run.trainer.slower_because == NO_KERNELS.fault


def test_a_first_update_that_is_not_made_begins_no_memory(data: Dataset) -> None:
    trainer = Trainer(configure({"momentum": 0.9, "dampening": 0.5}), data, Record(), kernels)
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(float("nan"))
    trainer.advance()
    assert trainer.diverged
    assert trainer.optimizer.states() == [{}] * 4


def test_an_optimizer_put_aside_keeps_its_memory_while_another_is_served(data: Dataset) -> None:
    trainer = Trainer(configure({"momentum": 0.9}), data, Record(), kernels)
    trainer.advance(5)
    aside = trainer.optimizer
    before = [state["momentum_buffer"].clone() for state in aside.states()]
    spec, values = OPTIMIZERS["rmsprop"], {"momentum": 0.5}
    defaults = {row.name: row.default for row in spec.hyperparameters}
    trainer.use_optimizer(LiveOptimizer(spec, trainer.model.parameters(), defaults | values))
    trainer.advance(5)
    assert same_bits([state["momentum_buffer"] for state in aside.states()], before)


def test_with_another_optimizer_slices_are_sized_anew(data: Dataset) -> None:
    trainer = Trainer(configure({}), data, Record(), kernels)
    trainer.advance(5)
    assert trainer.record.seconds_per_update
    spec = OPTIMIZERS["nadam"]
    values = {row.name: row.default for row in spec.hyperparameters}
    trainer.use_optimizer(LiveOptimizer(spec, trainer.model.parameters(), values))
    assert trainer.record.seconds_per_update == {}
