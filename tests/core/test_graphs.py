"""Updates from static memory, as CUDA graphs play them, walk the path of plain PyTorch.

All but the capture itself runs on any device: what would be captured is then done at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.config import configure
from core.data.dataset import Dataset
from core.data.split import Resident
from core.losses import Loss
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import OPTIMIZERS
from core.record import Record
from core.steppers.choice import Steppers
from core.steppers.graphs import GraphStepper, why_not_captured
from core.trainer import Trainer
from tests.core.conftest import NO_KERNELS, same_bits, train_until, weights_of

Rates = NDArray[np.float64]

SIZE = 8
SERVED = [name for name in OPTIMIZERS if name != "muon"]


def a_model(dropping: bool = False) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        middle = (nn.BatchNorm1d(16), nn.Dropout(0.2)) if dropping else (nn.ReLU(),)
        return nn.Sequential(nn.Flatten(), nn.Linear(36, 16), *middle, nn.Linear(16, 10))


def a_stepper(
    data: Dataset, name: str = "sgd", dropping: bool = False, **values: Any
) -> GraphStepper:
    assert isinstance(data.train, Resident)
    model, spec = a_model(dropping), OPTIMIZERS[name]
    optimizer = LiveOptimizer(spec, model.parameters(), spec.complete(values))
    return GraphStepper(model, Loss("cross-entropy"), optimizer, data.train, captures=False)


def some_rows(count: int, size: int = SIZE) -> Tensor:
    return torch.randint(97, (count, size), generator=torch.Generator().manual_seed(5))


def train(stepper: GraphStepper, rows: Tensor, rates: Rates, size: int) -> list[float]:
    """The losses of these updates, made in slices of `size`."""
    losses: list[float] = []
    for begin in range(0, len(rows), size):
        some = slice(begin, begin + size)
        stepper.prepare(rows[some], rows.shape[1])
        losses += stepper.updates(rows[some], rates[some]).tolist()
    return losses


def played(stepper: GraphStepper) -> Iterator[int]:
    """How many updates were played so far, each time it is asked."""
    count = 0
    play = stepper._play

    def note(some: int) -> None:
        nonlocal count
        count += some
        play(some)

    stepper._play = note  # type: ignore[method-assign]
    while True:
        yield count


@pytest.mark.parametrize("name", SERVED)
def test_an_optimizer_follows_the_plain_loop(data: Dataset, name: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "sgd": {"momentum": 0.8, "nesterov": True, "weight_decay": 1e-4},
        "rmsprop": {"momentum": 0.5, "centered": True},
        "adagrad": {"lr_decay": 1e-3},
        "adam": {"amsgrad": True},
    }
    stepper = a_stepper(data, name, **options.get(name, {}))
    count = played(stepper)
    next(count)
    rows = some_rows(2000)
    rates = 0.005 * (1 + np.arange(2000) / 2000)  # each another one
    train(stepper, rows, rates, 50)
    assert next(count) == 1950  # all but the first slice
    model = a_model()
    optimizer = getattr(torch.optim, OPTIMIZERS[name].torch_name)(
        model.parameters(), **options.get(name, {})
    )
    assert data.train.inputs is not None
    for some, rate in zip(rows, rates.tolist(), strict=True):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        F.cross_entropy(model(data.train.inputs[some]), data.train.targets[some]).backward()
        optimizer.step()
    # RMSprop, centred, divides by differences of almost equal numbers.
    close = {"rtol": 1e-3, "atol": 1e-4} if name != "rmsprop" else {"rtol": 2e-2, "atol": 2e-3}
    ours, theirs = stepper._model.parameters(), model.parameters()
    torch.testing.assert_close(list(ours), list(theirs), **close)


def test_getting_ready_changes_nothing(data: Dataset) -> None:
    def state(stepper: GraphStepper) -> list[Tensor]:
        memories = [value for each in stepper.optimizer.states() for value in each.values()]
        values = [*stepper._model.state_dict().values(), *memories, torch.get_rng_state()]
        return [value.clone() for value in values]

    stepper = a_stepper(data, "adam", dropping=True)
    torch.manual_seed(9)
    stepper.updates(some_rows(10), np.full(10, 0.01))
    before = state(stepper)

    def capture() -> None:  # as a real one: it makes some updates first
        with stepper._rate_in_memory():
            for _ in range(3):
                stepper._next_update()

    stepper._captures, stepper._capture = True, capture  # type: ignore[assignment,method-assign]
    stepper.prepare(some_rows(10), SIZE)
    assert stepper._captured
    assert same_bits(state(stepper), before)
    assert all(parameter.grad is None for parameter in stepper.optimizer.parameters)


def test_played_updates_are_those_of_autograd_with_the_rate_in_memory(data: Dataset) -> None:
    ends = []
    for size in (3, 50):  # so few are looked at one by one
        stepper = a_stepper(data, "adam", dropping=True)
        torch.manual_seed(9)
        losses = train(stepper, some_rows(300), np.full(300, 0.01), size)
        ends.append([*stepper._model.state_dict().values(), torch.tensor(losses)])
    assert same_bits(*ends)


def test_what_an_update_has_built_in_is_captured_anew_when_it_changes(data: Dataset) -> None:
    stepper = a_stepper(data, "sgd", momentum=0.9)
    count = played(stepper)
    rates = np.full(10, 0.01)
    captured: list[tuple[Any, ...]] = []

    def slices() -> int:
        """Play two slices: the first with new settings is autograd's."""
        before = next(count)
        for _ in range(2):
            stepper.prepare(some_rows(10), SIZE)
            stepper.updates(some_rows(10), rates)
        captured.append(stepper._captured)
        return next(count) - before

    assert slices() == 10
    assert slices() == 20
    assert captured[0] == captured[1]
    stepper.optimizer.write("momentum", 0.5, 40)
    assert slices() == 10
    stepper.precision = "bfloat16"
    assert slices() == 10
    stepper.optimizer = LiveOptimizer(
        OPTIMIZERS["adam"], stepper._model.parameters(), OPTIMIZERS["adam"].complete({})
    )
    assert slices() == 10
    assert len(set(captured)) == 4
    stepper.optimizer.write("lr", 0.5, 120)  # it is read from memory
    assert slices() == 20


def test_other_sizes_and_updates_in_pieces_go_through_autograd(data: Dataset) -> None:
    stepper, rates = a_stepper(data), np.full(10, 0.01)
    count = played(stepper)
    stepper.updates(some_rows(10), rates)
    stepper.prepare(some_rows(10), SIZE)
    stepper.updates(some_rows(10, 5), rates)
    assert next(count) == 0
    stepper.updates(some_rows(10), rates)
    assert next(count) == 10
    stepper.accumulate(torch.arange(50), 97)
    stepper.accumulate(torch.arange(50, 97), 97)
    loss = stepper.apply(0.1)
    assert np.isfinite(loss)
    assert not stepper._captured  # its memory is for the pieces


@pytest.mark.parametrize("bad", [0, 5, 9])
def test_an_update_whose_loss_is_not_finite_is_not_made(data: Dataset, bad: int) -> None:
    stepper, straight = a_stepper(data, "adam"), a_stepper(data, "adam")
    rows, rates = some_rows(20), np.full(10, 0.01)
    for each in (stepper, straight):
        each.updates(rows[:10], rates)
        each.prepare(rows[10:], SIZE)
    if bad:
        straight.updates(rows[10 : 10 + bad], rates[:bad])
    assert data.train.inputs is not None
    wrong = data.train.inputs[rows[10 + bad]]
    stepper._model.register_forward_hook(
        lambda _m, given, said: said * torch.inf if torch.equal(given[0], wrong) else None
    )
    losses = stepper.updates(rows[10:], rates)
    assert np.isfinite(losses).tolist() == [True] * bad + [False]
    ours, theirs = stepper._model.parameters(), straight._model.parameters()
    torch.testing.assert_close(list(ours), list(theirs))


def test_a_slice_may_be_longer_than_a_round(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.steppers.graphs._MOST_ROUND", 16)
    short, long = a_stepper(data), a_stepper(data)
    a = train(short, some_rows(120), np.full(120, 0.01), 10)
    b = train(long, some_rows(120), np.full(120, 0.01), 60)
    assert a == b


def test_a_capture_that_fails_is_told_and_harms_nothing(data: Dataset) -> None:
    stepper = a_stepper(data)
    stepper.updates(some_rows(10), np.full(10, 0.01))
    before = [parameter.clone() for parameter in stepper._model.parameters()]

    def capture() -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore of it")

    stepper._captures, stepper._capture = True, capture  # type: ignore[assignment,method-assign]
    stepper.prepare(some_rows(10), SIZE)
    said = "no CUDA graph: RuntimeError: operation not permitted when stream is capturing"
    assert stepper.fault == said
    assert same_bits(list(stepper._model.parameters()), before)
    assert len(stepper.updates(some_rows(10), np.full(10, 0.01))) == 10


class Counts(nn.Module):
    """Blends in less and less of its input's mean, by a count of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.passes = a_model(), 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.passes += 1
        said: Tensor = self.inner(inputs) + inputs.mean() / self.passes
        return said


class Skips(nn.Module):
    """Leaves its input out by chance, as layers are dropped."""

    def __init__(self, draw: Callable[[], float]) -> None:
        super().__init__()
        self.inner, self.draw = a_model(), draw

    def forward(self, inputs: Tensor) -> Tensor:
        said: Tensor = self.inner(inputs * (self.draw() < 0.5))
        return said


class Replaces(nn.Module):
    """Keeps a running mean by making another buffer of it each time."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.inner = a_model()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, inputs: Tensor) -> Tensor:
        self.mean = 0.9 * self.mean + 0.1 * inputs.mean()
        said: Tensor = self.inner(inputs - self.mean)
        return said


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Counts, "the model's Counts changes its passes in Python"),
        (lambda: Skips(random.random), "the model draws random numbers on the processor"),
        (lambda: Skips(np.random.random), "the model draws random numbers on the processor"),
        (Replaces, "the model puts another tensor in the place of its buffer mean"),
    ],
)
def test_a_model_that_does_more_than_a_graph_could_repeat_goes_on_with_autograd(
    data: Dataset, make: Callable[[], nn.Module], why: str
) -> None:
    assert isinstance(data.train, Resident)

    def state(stepper: GraphStepper) -> tuple[object, ...]:
        model = stepper._model
        plain = {k: v for k, v in vars(model).items() if isinstance(v, int | float)}
        weights = [value.tolist() for value in model.state_dict().values()]
        return plain, weights, random.getstate(), np.random.get_state()[2]

    model, spec = make(), OPTIMIZERS["sgd"]
    optimizer = LiveOptimizer(spec, model.parameters(), spec.complete({}))
    stepper = GraphStepper(model, Loss("cross-entropy"), optimizer, data.train, captures=False)
    stepper.updates(some_rows(10), np.full(10, 0.01))
    before = state(stepper)
    stepper._captures, stepper._capture = True, lambda: stepper._next_update()  # type: ignore[assignment,method-assign]
    stepper.prepare(some_rows(10), SIZE)
    assert stepper.fault == f"no CUDA graph: {why}"
    assert not stepper._captured
    assert state(stepper) == before
    assert len(stepper.updates(some_rows(10), np.full(10, 0.01))) == 10


def test_a_run_goes_on_with_autograd_when_a_capture_failed(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Steppers, "_fastest", "graphs")
    monkeypatch.setattr(
        Steppers, "_why_not_graphs", lambda steppers, _optimizer: steppers._fault_of("graphs")
    )
    trainer = Trainer(configure({"batch_size": SIZE}), data, Record(), NO_KERNELS)
    assert trainer.stepper.name == "graphs"
    train_until(trainer, 60)
    assert trainer.stepper.name == "autograd"
    assert trainer.slower_because.startswith("no CUDA graph: ")  # there is no CUDA here
    (event,) = [each for each in trainer.record.events if each.what == "stepper"]
    assert event.text.startswith("stepper graphs → autograd")
    assert "no CUDA graph" in event.text
    plain = Trainer(configure({"batch_size": SIZE}), data, Record(), NO_KERNELS)
    train_until(plain, 60)
    torch.testing.assert_close(weights_of(trainer), weights_of(plain))


def test_which_optimizers_can_be_captured() -> None:
    weights = [nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(2))]
    for name, spec in OPTIMIZERS.items():
        why = why_not_captured(LiveOptimizer(spec, weights, spec.complete({})))
        assert why == ("torch's Muon cannot be captured in a CUDA graph" if name == "muon" else "")
    own = replace(OPTIMIZERS["sgd"], own=torch.optim.Adam)
    why = why_not_captured(LiveOptimizer(own, weights, own.complete({})))
    assert why == "an optimizer of your own is not captured in a CUDA graph"


on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@pytest.fixture
def on_gpu(data: Dataset) -> Dataset:
    return replace(data, train=data.train.to("cuda"), test=data.test.to("cuda"))  # type: ignore[attr-defined]


@on_cuda
@pytest.mark.parametrize("name", SERVED)
def test_graphs_and_autograd_walk_the_same_path_on_a_gpu(on_gpu: Dataset, name: str) -> None:
    ends = []
    for stepper in ("auto", "autograd"):
        config = configure({"batch_size": SIZE, "optimizer": name, "stepper": stepper})
        trainer = Trainer(config, on_gpu, Record(), NO_KERNELS)
        train_until(trainer, 2000)
        ends.append(weights_of(trainer))
        assert trainer.slower_because == ("you asked for autograd" if stepper != "auto" else "")
        if stepper == "auto":
            assert isinstance(trainer.stepper, GraphStepper)
            assert trainer.stepper._graphs is not None
    torch.testing.assert_close(*ends, rtol=1e-3, atol=1e-4)


@on_cuda
def test_a_graph_drops_what_autograd_drops(
    on_gpu: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.models import build
    from core.models.build import Network

    monkeypatch.setattr(
        build, "build", lambda *_given: Network(a_model(dropping=True), Loss("cross-entropy"))
    )
    ends = []
    for stepper in ("auto", "autograd"):
        config = configure({"batch_size": SIZE, "stepper": stepper})
        trainer = Trainer(config, on_gpu, Record(), NO_KERNELS)
        train_until(trainer, 300)
        ends.append(weights_of(trainer))
    torch.testing.assert_close(*ends, rtol=1e-3, atol=1e-4)


@on_cuda
def test_a_model_that_looks_at_its_numbers_goes_on_with_autograd(
    on_gpu: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.models import build
    from core.models.build import Network

    class Looks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = a_model()

        def forward(self, inputs: Tensor) -> Tensor:
            said: Tensor = self.inner(inputs)
            return said if said.sum().item() > -1e9 else -said

    monkeypatch.setattr(build, "build", lambda *_given: Network(Looks(), Loss("cross-entropy")))
    trainer = Trainer(configure({"batch_size": SIZE}), on_gpu, Record(), NO_KERNELS)
    train_until(trainer, 300)
    assert trainer.stepper.name == "autograd"
    assert trainer.slower_because.startswith("no CUDA graph: ")
    assert all(bool(weights.isfinite().all()) for weights in weights_of(trainer))
