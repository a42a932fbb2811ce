"""A run draws from random generators of its own: the same seed, the same weights, whoever looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.config import configure
from core.data.dataset import Dataset
from core.losses import Loss
from core.models import build
from core.models.build import Network
from core.randomness import Randomness
from core.record import Record
from core.trainer import Trainer
from tests.core.conftest import NO_KERNELS, same_bits, train_until

CPU = torch.device("cpu")


def dropping(_config: object = None, _spec: object = None) -> Network:
    """A network with dropout and running statistics, of the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        layers = nn.Linear(36, 16), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.Linear(16, 10)
    return Network(nn.Sequential(nn.Flatten(), *layers), Loss("cross-entropy"))


@pytest.fixture(autouse=True)
def with_dropout(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every network drops, and the process's own numbers are as they were in the end."""
    monkeypatch.setattr(build, "build", dropping)
    with torch.random.fork_rng(devices=[]):
        yield


def a_trainer(data: Dataset, **given: object) -> Trainer:
    return Trainer(configure(given), data, Record(), NO_KERNELS)


def all_of(trainer: Trainer) -> list[Tensor]:
    return [tensor.clone() for tensor in trainer.model.state_dict().values()]


def test_a_network_with_dropout_walks_the_path_of_the_plain_loop(data: Dataset) -> None:
    ours = a_trainer(data, batch_size=8, seed=3)
    train_until(ours, 12)  # an epoch has as many whole ones
    model, _ = dropping()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    order = torch.randperm(97, generator=torch.Generator().manual_seed(3))
    torch.manual_seed(3)
    assert data.train.inputs is not None
    for rows in order[:96].split(8):
        optimizer.zero_grad()
        F.cross_entropy(model(data.train.inputs[rows]), data.train.targets[rows]).backward()
        optimizer.step()
    assert same_bits(all_of(ours), list(model.state_dict().values()))


@pytest.mark.parametrize("given", [{"batch_size": 8}, {"strategy": "batch"}])
def test_what_others_draw_meanwhile_changes_nothing(
    data: Dataset, given: dict[str, object]
) -> None:
    undisturbed, disturbed = a_trainer(data, **given), a_trainer(data, **given)
    undisturbed.micro_batch = disturbed.micro_batch = 30
    while undisturbed.updates < 9:
        undisturbed.advance(1)
    while disturbed.updates < 9:
        torch.rand(7)
        disturbed.advance(1)
    assert same_bits(all_of(undisturbed), all_of(disturbed))


def test_training_leaves_the_numbers_of_others_alone(data: Dataset) -> None:
    torch.manual_seed(8)
    expected = torch.rand(3)
    torch.manual_seed(8)
    train_until(a_trainer(data, batch_size=8), 4)
    assert torch.equal(torch.rand(3), expected)


def test_how_updates_are_cut_into_slices_changes_nothing(data: Dataset) -> None:
    one, other = a_trainer(data, batch_size=10), a_trainer(data, batch_size=10)
    train_until(one, 20)
    while other.updates < 20:
        other.advance(1)
    assert same_bits(all_of(one), all_of(other))


def test_a_state_brings_the_same_numbers_again(data: Dataset) -> None:
    trainer = a_trainer(data, batch_size=8)
    train_until(trainer, 3)
    state = trainer.randomness.state()
    assert {kind: states.dtype for kind, states in state.items()} == {"cpu": torch.uint8}
    again = Randomness(99, CPU, trainer.model)
    again.load_state(state)
    with again.in_force():
        drawn = torch.rand(5)
    with trainer.randomness.in_force():
        assert torch.equal(torch.rand(5), drawn)


def test_an_update_that_is_set_aside_has_left_nothing_behind(data: Dataset) -> None:
    trainer = a_trainer(data, strategy="batch")
    trainer.micro_batch = 30
    train_until(trainer, 2)
    before, state = all_of(trainer), trainer.randomness.state()
    for _ in range(2):
        trainer.advance()
        assert trainer.mid_update
        assert same_bits(all_of(trainer), before)  # as whoever looks now sees it
        assert torch.equal(trainer.randomness.state()["cpu"], state["cpu"])
    trainer.abandon_update()
    train_until(trainer, 4)
    straight = a_trainer(data, strategy="batch")
    straight.micro_batch = 30
    train_until(straight, 4)
    assert same_bits(all_of(trainer), all_of(straight))


@pytest.mark.parametrize("given", [{"batch_size": 8}, {"strategy": "batch"}])
def test_an_update_that_diverges_has_left_nothing_behind(
    data: Dataset, given: dict[str, object]
) -> None:
    trainer = a_trainer(data, **given)
    train_until(trainer, 3)
    before, state = all_of(trainer), trainer.randomness.state()
    hook = trainer.model.register_forward_hook(lambda _model, _given, said: said * torch.inf)
    trainer.advance(1)
    hook.remove()
    assert trainer.diverged
    assert trainer.updates == 3
    assert same_bits(all_of(trainer), before)
    assert torch.equal(trainer.randomness.state()["cpu"], state["cpu"])


def test_an_update_that_raises_has_left_nothing_behind(data: Dataset) -> None:
    trainer = a_trainer(data, batch_size=8)
    train_until(trainer, 3)
    before, state = all_of(trainer), trainer.randomness.state()

    def fail(_model: nn.Module, _given: object, _said: object) -> None:
        raise ValueError("as users' code does")

    hook = trainer.model[-1].register_forward_hook(fail)
    with pytest.raises(ValueError, match="as users' code does"):
        trainer.advance(1)
    hook.remove()
    assert same_bits(all_of(trainer), before)
    assert torch.equal(trainer.randomness.state()["cpu"], state["cpu"])


def test_chains_draw_nothing_and_leave_the_generators_alone(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 10))
    monkeypatch.setattr(build, "build", lambda *_given: Network(model, Loss("cross-entropy")))
    trainer = a_trainer(data, batch_size=8)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "set_rng_state", None)
        train_until(trainer, 3)
    assert trainer.updates == 3
