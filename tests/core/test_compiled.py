"""Compiled passes walk the path of plain ones, and what cannot be compiled goes on without."""

from __future__ import annotations

import os
import shutil
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.commands import Advance, Change
from core.config import configure
from core.data.dataset import Dataset
from core.losses import Loss
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import OPTIMIZERS
from core.record import Record
from core.run import Run
from core.steppers import choice
from core.steppers.autograd import AutogradStepper
from core.steppers.compiled import CompiledStepper, why_not_compiled
from core.trainer import Trainer
from tests.core.conftest import NO_KERNELS, same_bits, train_until, weights_of, work_off

CPU = torch.device("cpu")
SIZE = 8


class Counted:
    """A compiler that runs what it is given as it is; how often it was asked and run."""

    def __init__(self) -> None:
        self.compiled = self.ran = 0

    def __call__(self, graph: Any, _inputs: Any) -> Any:
        self.compiled += 1

        def run(*given: Any) -> Any:
            self.ran += 1
            return graph(*given)

        return run


def a_stepper(data: Dataset, backend: Any) -> AutogradStepper:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        first = nn.Linear(36, 16, bias=False)  # the statistics take any bias away again
        layers = first, nn.BatchNorm1d(16), nn.Dropout(0.2), nn.Linear(16, 10)
        model = nn.Sequential(nn.Flatten(), *layers)
    spec = OPTIMIZERS["adam"]
    optimizer = LiveOptimizer(spec, model.parameters(), spec.complete({}))
    given = model, Loss("cross-entropy"), optimizer, data.train
    return CompiledStepper(*given, backend=backend) if backend else AutogradStepper(*given)


def some_rows(count: int, size: int = SIZE) -> Tensor:
    return torch.randint(97, (count, size), generator=torch.Generator().manual_seed(5))


def train(stepper: AutogradStepper) -> list[Tensor]:
    torch.manual_seed(9)
    rates = np.full(10, 0.01)
    for some in some_rows(100).split(10):
        stepper.prepare(some, SIZE)
        stepper.updates(some, rates)
    stepper.updates(some_rows(10, 5), rates)  # as at an epoch's end
    return [value.clone() for value in stepper._model.state_dict().values()]


def test_a_compiled_pass_is_the_plain_one(data: Dataset) -> None:
    counted = Counted()
    assert same_bits(train(a_stepper(data, counted)), train(a_stepper(data, None)))
    assert counted.compiled == 1
    assert counted.ran == 100 + 1  # the one that it was compiled with


def test_compiling_changes_nothing(data: Dataset) -> None:
    stepper = a_stepper(data, Counted())
    before = [value.clone() for value in stepper._model.state_dict().values()]
    state = torch.get_rng_state()
    stepper.prepare(some_rows(10), SIZE)
    assert same_bits(list(stepper._model.state_dict().values()), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in stepper.optimizer.parameters)


def test_another_size_is_compiled_anew_however_often(data: Dataset) -> None:
    counted = Counted()
    stepper = a_stepper(data, counted)
    for size in range(2, 14):  # torch's compiler gives up after eight
        for _ in range(2):
            stepper.prepare(some_rows(4, size), size)
            stepper.updates(some_rows(4, size), np.full(4, 0.01))
    assert counted.compiled == 12
    assert counted.ran == 12 * (1 + 2 * 4)


def test_a_model_that_cannot_be_compiled_says_why(data: Dataset) -> None:
    def refuse(_graph: object, _inputs: object) -> None:
        raise RuntimeError("this compiler is out of order\nand has much to say of it")

    stepper = a_stepper(data, refuse)
    assert isinstance(stepper, CompiledStepper)
    stepper.prepare(some_rows(10), SIZE)
    assert stepper.fault.startswith("not compiled: ")
    assert "\n" not in stepper.fault
    assert len(stepper.updates(some_rows(10), np.full(10, 0.01))) == 10


def test_a_run_asks_for_it_in_mid_run_and_goes_on_as_it_was(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted()

    class Compiled(CompiledStepper):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more, backend=counted)  # type: ignore[arg-type]

    monkeypatch.setattr(choice, "CompiledStepper", Compiled)
    monkeypatch.setattr(choice, "why_not_compiled", lambda _device: "")
    run = Run("run 1", configure({"batch_size": SIZE}), data, NO_KERNELS)
    for command in (Advance(10), Change("stepper", "compiled"), Advance(30)):
        run.obey(command)
        work_off(run)
    assert run.trainer.stepper.name == "compiled"
    assert run.trainer.slower_because == ""
    assert counted.ran >= 20
    run.obey(Change("stepper", "autograd"))
    assert run.trainer.stepper.name == "autograd"
    assert run.trainer.slower_because == "you asked for autograd"
    plain = Trainer(configure({"batch_size": SIZE}), data, Record(), NO_KERNELS)
    train_until(plain, 40)
    assert same_bits(weights_of(run.trainer), weights_of(plain))


def test_without_a_compiler_a_run_goes_on_with_autograd(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert why_not_compiled(CPU) == "there is no C++ compiler here"
    trainer = Trainer(configure({"stepper": "compiled"}), data, Record(), NO_KERNELS)
    assert trainer.stepper.name == "autograd"
    assert trainer.slower_because == "there is no C++ compiler here"


def test_a_gpu_needs_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/g++")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert why_not_compiled(CPU) == ""
    said = "there is no triton here, which compiles for GPUs"
    assert why_not_compiled(torch.device("cuda")) == said


@pytest.mark.skipif(
    "GD_TUI_COMPILES" not in os.environ, reason="takes a minute; GD_TUI_COMPILES=1 lets it"
)
def test_torchs_own_compiler_walks_the_plain_path(data: Dataset) -> None:
    compiled = a_stepper(data, "inductor")
    assert isinstance(compiled, CompiledStepper)
    torch.testing.assert_close(train(compiled), train(a_stepper(data, None)), rtol=1e-3, atol=1e-4)
    assert compiled.fault == ""
