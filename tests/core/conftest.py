"""A small problem that trains like the real one, and an engine's worker that a test steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from core.config import RunConfig, configure
from core.data.catalog import DATA_SETS
from core.data.dataset import Dataset
from core.data.split import Resident
from core.record import Record
from core.run import Run
from core.snapshot import State
from core.steppers.fused.preparation import Preparation
from core.trainer import Trainer

CLASSES = 10
NO_KERNELS = Preparation()
NO_KERNELS.fault = "this test is about autograd"


def make_data(train: int = 97, test: int = 40, side: int = 6) -> Dataset:
    """Images of a class are that class's pattern with noise on it: learnable, never trivially."""
    generator = torch.Generator().manual_seed(7)
    patterns = torch.randn(CLASSES, 1, side, side, generator=generator)

    def examples(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.randint(CLASSES, (count,), generator=generator)
        noise = torch.randn(count, 1, side, side, generator=generator)
        return patterns[labels] + 0.7 * noise, labels

    halves = Resident(*examples(train)), Resident(*examples(test))
    levels = (-3.2, 3.175)
    spec = replace(DATA_SETS["mnist"], train=train, test=test, shape=(1, side, side), levels=levels)
    return Dataset(spec, *halves)


@pytest.fixture(scope="session")
def data() -> Dataset:
    return make_data()


@pytest.fixture
def trainer(data: Dataset) -> Callable[..., Trainer]:
    """Builds a trainer on the small problem from settings."""
    return lambda **given: Trainer(configure(given), data, Record(), NO_KERNELS)


@pytest.fixture
def run(data: Dataset) -> Callable[..., Run]:
    """Builds a run on the small problem from settings."""

    def build(**given: object) -> Run:
        return Run("run 1", configure({"eval_every": "epoch", **given}), data, NO_KERNELS)

    return build


def train_until(trainer: Trainer, updates: int) -> None:
    """Train until so many updates were made in all."""
    while trainer.updates < updates:
        trainer.advance(updates - trainer.updates)


def work_off(run: Run, slices: int = 100_000) -> None:
    """Let a run do all it has to do now; it must come to rest."""
    for _ in range(slices):
        if not run.work():
            return
    raise AssertionError(f"still {State(run.state)} after {slices} slices")


def weights_of(trainer: Trainer) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in trainer.model.parameters()]


def same_bits(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def config_of(**given: object) -> RunConfig:
    return configure(given)
