"""Every strategy and optimizer walks the path that a plain PyTorch loop walks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.data.dataset import Dataset
from core.models.simplenet import SimpleNet
from core.optimizers.table import OPTIMIZERS
from core.trainer import Trainer

from .conftest import train_until, weights_of

# Both sides do the same arithmetic in float32, but add up a batch in another order (micro-batches)
# or divide by its size at another place; over thousands of updates such roundings grow, and the
# paths of optimizers that divide by small spreads part the fastest.
CLOSE: dict[str, float] = {"rtol": 1e-3, "atol": 1e-4}


def plain_batches(n: int, size: int, seed: int) -> Iterator[torch.Tensor]:
    """Epoch after epoch of freshly shuffled indices, as a DataLoader would cut them."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.randperm(n, generator=generator).split(size)


def plain_loop(
    data: Dataset, model: nn.Module, optimizer: Any, size: int, updates: int, seed: int
) -> list[torch.Tensor]:
    batches = plain_batches(len(data.train.targets), size, seed)
    for _ in range(updates):
        rows = next(batches)
        optimizer.zero_grad()
        F.cross_entropy(model(data.train.inputs[rows]), data.train.targets[rows]).backward()
        optimizer.step()
    return [parameter.detach() for parameter in model.parameters()]


def chapter_model(data: Dataset, seed: int) -> SimpleNet:
    torch.manual_seed(seed)
    return SimpleNet(data.spec.features)


@pytest.mark.parametrize(
    ("strategy", "size", "updates"),
    [("stochastic", 1, 2000), ("mini-batch", 16, 2000), ("batch", 97, 1000)],
)
def test_a_strategy_follows_the_plain_loop(
    trainer: Callable[..., Trainer], data: Dataset, strategy: str, size: int, updates: int
) -> None:
    sized = {"batch_size": size} if strategy == "mini-batch" else {}
    ours = trainer(strategy=strategy, seed=5, **sized)
    train_until(ours, updates)
    model = chapter_model(data, seed=5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    theirs = plain_loop(data, model, optimizer, size, updates, seed=5)
    torch.testing.assert_close(weights_of(ours), theirs, **CLOSE)


PLAIN_OPTIONS: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 0.01, "momentum": 0.8, "nesterov": True, "weight_decay": 1e-4},
    "rmsprop": {"lr": 1e-3, "momentum": 0.5, "centered": True},
    "adagrad": {"lr_decay": 1e-3},
    "adam": {"betas": (0.8, 0.99), "amsgrad": True},
}


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "muon"])
def test_an_optimizer_follows_the_plain_loop(
    trainer: Callable[..., Trainer], data: Dataset, name: str
) -> None:
    options = PLAIN_OPTIONS.get(name, {})
    given = dict(options)
    if "betas" in given:
        given["beta1"], given["beta2"] = given.pop("betas")
    ours = trainer(optimizer=name, batch_size=4, **given)
    train_until(ours, 2000)
    model = chapter_model(data, seed=0)
    options = {"lr": ours.config.learning_rate, **options}
    optimizer = getattr(torch.optim, OPTIMIZERS[name].torch_name)(model.parameters(), **options)
    theirs = plain_loop(data, model, optimizer, 4, 2000, seed=0)
    torch.testing.assert_close(weights_of(ours), theirs, **CLOSE)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
def test_muon_takes_the_matrices_and_leaves_the_rest_to_adamw(
    trainer: Callable[..., Trainer], data: Dataset
) -> None:
    ours = trainer(optimizer="muon", batch_size=4)
    train_until(ours, 300)
    model = chapter_model(data, seed=0)
    matrices = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2]
    muon = torch.optim.Muon(matrices, lr=1e-3, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(others, lr=1e-3, weight_decay=0.1, eps=1e-7)
    batches = plain_batches(97, 4, seed=0)
    for _ in range(300):
        rows = next(batches)
        muon.zero_grad()
        adamw.zero_grad()
        F.cross_entropy(model(data.train.inputs[rows]), data.train.targets[rows]).backward()
        muon.step()
        adamw.step()
    # Muon's orthogonalisation runs in bfloat16, which magnifies the last bits.
    theirs = [parameter.detach() for parameter in model.parameters()]
    torch.testing.assert_close(weights_of(ours), theirs, rtol=1e-2, atol=1e-3)


def test_batch_is_the_exact_gradient_whatever_the_micro_batch(
    trainer: Callable[..., Trainer],
) -> None:
    whole, pieces = trainer(strategy="batch"), trainer(strategy="batch")
    pieces.micro_batch = 10
    train_until(whole, 20)
    train_until(pieces, 20)
    torch.testing.assert_close(weights_of(whole), weights_of(pieces))
    assert pieces.examples == whole.examples == 20 * 97


@pytest.mark.parametrize(
    ("kind", "factors"),
    [
        ("step", [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ("exponential", [0.5 ** (k / 2) for k in range(6)]),
        ("cosine", [1, 0.5, 0, 0, 0, 0]),
    ],
)
def test_a_schedule_sets_the_rate_of_every_update(
    trainer: Callable[..., Trainer], data: Dataset, kind: str, factors: list[float]
) -> None:
    # Two updates an epoch: of 49 examples and of 48, so that epochs pass in halves, nearly.
    ours = trainer(schedule=kind, batch_size=49, lr=0.1)
    model = chapter_model(data, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = plain_batches(97, 49, seed=0)
    for update, factor in enumerate(factors):
        expected = factor
        if update % 2 and kind != "step":  # the odd update begins at 49/97, not at a half
            epoch = (update - 1) // 2 + 49 / 97
            expected = (
                0.5**epoch
                if kind == "exponential"
                else 0.5 * float(1 + torch.cos(torch.tensor(torch.pi * min(epoch, 1.0))))
            )
        assert ours.learning_rate == pytest.approx(0.1 * expected, abs=1e-7)
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * expected
        rows = next(batches)
        optimizer.zero_grad()
        F.cross_entropy(model(data.train.inputs[rows]), data.train.targets[rows]).backward()
        optimizer.step()
        train_until(ours, update + 1)
    theirs = [parameter.detach() for parameter in model.parameters()]
    torch.testing.assert_close(weights_of(ours), theirs)


def test_warm_up_rises_to_the_rate_and_loses_no_update(trainer: Callable[..., Trainer]) -> None:
    ours = trainer(warmup=1, batch_size=1, lr=0.1)
    rates = []
    for update in range(100):
        rates.append(ours.learning_rate)
        train_until(ours, update + 1)
    assert rates[:97] == pytest.approx([0.1 * (k + 1) / 97 for k in range(97)])
    assert rates[97:] == pytest.approx([0.1] * 3)
