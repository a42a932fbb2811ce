"""An engine of a script's own objects: what it is made of, how it is driven, what it raises."""

from __future__ import annotations

import copy
import warnings
from _thread import interrupt_main
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.utils.data import TensorDataset

import gd_tui
from core import own_code
from core.commands import Fork, Reset, Start
from core.errors import TrainingError, UserError
from core.library.engine import OwnEngine
from core.library.losses import name_of
from core.optimizers.table import OPTIMIZERS
from core.snapshot import State

N = 96
X = torch.randn(N, 4, generator=torch.Generator().manual_seed(1))
Y = (X.sum(1) > 0).long()
FOUR = (X, Y, X[:32], Y[:32])


class Net(nn.Module):
    def __init__(self, inputs: int = 4) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.layer(x))  # no chain of linear layers: made by autograd


class SignSGD(Optimizer):
    """An optimizer of the user's own, with a memory that is no tensor."""

    def __init__(self, params: Any, lr: float = 0.01, momentum: float = 0.5) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # noqa: ARG002
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                state.setdefault("mean", torch.zeros_like(weight))
                state["count"] = state.get("count", 0) + 1
                state["mean"].lerp_(weight.grad, 1 - group["momentum"])
                weight.sub_(group["lr"] * state["mean"].sign() / state["count"])


@pytest.fixture
def net() -> Net:
    torch.manual_seed(3)
    return Net()


@pytest.fixture
def build() -> Iterator[Any]:
    """`build(model=..., ...)`: an engine of the small data, in batches of 8, stopped at last."""
    built: list[OwnEngine] = []

    def make(**given: Any) -> OwnEngine:
        given = {"data": FOUR, **given}
        if "resume" not in given:
            given = {"batch_size": 8, "order": "sequential", **given}
        built.append(gd_tui.engine(**given))
        return built[-1]

    yield make
    for engine in built:
        engine.stop()


def by_hand(net: Net, optimizer: Optimizer, updates: int, loss: Any = F.cross_entropy) -> Tensor:
    """The weights after so many updates of a plain loop, 8 examples each, in their order."""
    for update in range(updates):
        rows = slice(8 * update, 8 * update + 8)
        optimizer.zero_grad()
        loss(net(X[rows]), Y[rows]).backward()
        optimizer.step()
    return net.layer.weight.detach()


# Training


def test_a_network_of_ones_own_is_trained_as_a_plain_loop_would(build: Any, net: Net) -> None:
    expected = copy.deepcopy(net)
    weights = by_hand(expected, torch.optim.SGD(expected.parameters(), lr=0.1), 7)
    run = build(model=net, lr=0.1).train(updates=7)
    assert run.at.updates == 7
    assert run.model_title == "Net 10 weights"
    torch.testing.assert_close(net.layer.weight.detach(), weights)


def test_each_call_trains_so_much_further(build: Any, net: Net) -> None:
    engine = build(model=net)
    assert engine.train(updates=3).at.updates == 3
    assert engine.train(updates=3).at.updates == 6
    assert engine.train(epochs=1).at.examples == N
    run = engine.train(epochs=2)
    assert run.at.examples == 3 * N
    assert run.state is State.FINISHED
    assert run.evaluation.at == run.at


def test_stop_conditions_that_were_set_hold_where_none_is_said(build: Any, net: Net) -> None:
    assert build(model=net, epochs=2).train().at.examples == 2 * N


def test_what_trains_already_trains_so_much_further(build: Any, net: Net) -> None:
    engine = build(model=net, speed=1000)
    engine.ask(Start())  # as on a screen, which is left then
    engine._wait_for(lambda shown: shown.run.at.updates > 2)
    run = engine.train(updates=3)
    assert run.state is State.FINISHED
    assert run.at.updates > 5
    assert engine.run.at == run.at


def test_an_interrupted_script_has_the_weights_so_far_and_may_go_on(build: Any) -> None:
    class Interrupting(Net):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            Interrupting.calls += 1
            if Interrupting.calls == 20:
                interrupt_main()
            return super().forward(x)

    net = Interrupting()
    engine = build(model=net)
    with pytest.raises(KeyboardInterrupt):
        engine.train(epochs=1_000_000)
    run = engine.run
    assert run.state is State.PAUSED
    at_hand = net.layer.weight.detach().clone()
    assert torch.equal(at_hand, engine.model.layer.weight)
    assert engine.train(updates=5).at.updates == run.at.updates + 5


def test_forks_and_resets_begin_with_the_weights_that_were_given(build: Any, net: Net) -> None:
    given = net.layer.weight.detach().clone()
    engine = build(model=net)
    engine.train(updates=5)
    trained = net.layer.weight.detach().clone()
    assert not torch.equal(trained, given)
    engine.ask(Fork())
    assert torch.equal(engine.model.layer.weight, trained)
    engine.ask(Reset())
    assert engine.model is net
    assert torch.equal(net.layer.weight, given)


def test_a_network_that_was_just_judged_trains_but_for_what_is_frozen_in_part(build: Any) -> None:
    frozen = nn.BatchNorm1d(4).eval()
    judged = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)).eval()
    build(model=judged, data=FOUR, batch_size=32).train(epochs=1)
    assert int(judged[0].num_batches_tracked) == 3  # type: ignore[arg-type]
    assert not judged.training
    trained = nn.Sequential(frozen, nn.Linear(4, 2))
    build(model=trained, data=FOUR, batch_size=32).train(epochs=1)
    assert int(frozen.num_batches_tracked) == 0  # type: ignore[arg-type]


def test_what_makes_a_network_is_told_what_it_takes_and_the_seed_decides(build: Any) -> None:
    def make(shape: tuple[int, ...], outputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(*shape, outputs))

    engine = build(model=make, seed=5)
    torch.manual_seed(5)
    assert torch.equal(engine.model[0].weight, nn.Linear(4, 2).weight)
    assert build(model=Net).run.model_title == "Net 10 weights"


def test_data_may_be_tensors_data_sets_or_a_name(build: Any, net: Net) -> None:
    two = build(model=net, data=(X, Y), test_share=0.25).run
    assert (two.training_examples, two.data.test) == (72, 24)
    sets = TensorDataset(X, Y), TensorDataset(X[:32], Y[:32])
    assert build(model=net, data=sets).run.training_examples == N


# Optimizers


def test_an_optimizer_of_torchs_gives_its_settings(build: Any, net: Net) -> None:
    expected = copy.deepcopy(net)
    weights = by_hand(
        expected, torch.optim.Adam(expected.parameters(), lr=0.02, betas=(0.5, 0.9)), 6
    )
    adam = torch.optim.Adam(net.parameters(), lr=0.02, betas=(0.5, 0.9))
    run = build(model=net, optimizer=adam).train(updates=6)
    assert run.config.optimizer == "adam"
    assert run.config.hyperparameters["beta1"] == 0.5
    torch.testing.assert_close(net.layer.weight.detach(), weights)


@pytest.mark.parametrize("form", ["instance", "class", "callable"])
def test_an_optimizer_of_ones_own_trains_and_its_rate_is_live(
    form: str, build: Any, net: Net
) -> None:
    expected = copy.deepcopy(net)
    own = SignSGD(expected.parameters(), lr=0.03)
    weights = by_hand(expected, own, 5)
    own.param_groups[0]["lr"] = 0.3
    given: dict[str, Any] = {
        "instance": {"optimizer": SignSGD(net.parameters(), lr=0.03)},
        "class": {"optimizer": SignSGD, "lr": 0.03},
        "callable": {"optimizer": lambda weights: SignSGD(weights, lr=0.03)},
    }[form]
    engine = build(model=net, **given)
    run = engine.train(updates=5)
    assert run.config.optimizer == "SignSGD"
    assert dict(run.config.hyperparameters) == {"lr": 0.03, "momentum": 0.5}
    torch.testing.assert_close(net.layer.weight.detach(), weights)
    engine.change("lr", 0.3)
    engine.train(updates=1)
    rows = slice(40, 48)
    own.zero_grad()
    F.cross_entropy(expected(X[rows]), Y[rows]).backward()
    own.step()
    torch.testing.assert_close(net.layer.weight, expected.layer.weight)


def test_hooks_on_weights_which_no_copy_keeps_are_said(build: Any, net: Net) -> None:
    net.layer.weight.register_hook(lambda gradient: 2 * gradient)
    with pytest.warns(UserWarning, match="the hooks on weights of Net are not kept"):
        build(model=net)


def test_what_is_not_kept_of_an_optimizer_is_said(build: Any, net: Net) -> None:
    groups = [{"params": [net.layer.weight], "lr": 0.5}, {"params": [net.layer.bias]}]
    sgd = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    by_hand(net, sgd, 1)
    with pytest.warns(UserWarning, match="gd-tui: ") as told:
        build(model=net, optimizer=sgd)
    assert [str(each.message) for each in told] == [
        "gd-tui: the 2 parameter groups of SGD differ: all weights are trained with the settings "
        "of the first (learning rate 0.5)",
        "gd-tui: what SGD remembers of earlier updates is not taken over",
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(model=net, optimizer=torch.optim.SGD(net.parameters(), lr=0.1))


class Rateless(Optimizer):
    def __init__(self, params: Any) -> None:
        super().__init__(params, {})

    def step(self, closure: Any = None) -> None: ...


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [
        (torch.optim.LBFGS, "LBFGS wants a closure"),
        (Rateless, "Rateless has no learning rate lr"),
        (3, "int is not allowed: it must be a name, an optimizer, its class"),
        (lambda _weights: "sgd", "makes str, which is no optimizer of torch's kind"),
        ("sgdd", "did you mean sgd"),
    ],
)
def test_what_cannot_train_is_refused(optimizer: Any, said: str, net: Net) -> None:
    with pytest.raises(UserError, match=said):
        gd_tui.engine(model=net, data=FOUR, optimizer=optimizer)


# Losses


def test_losses_of_torchs_are_known_by_their_names() -> None:
    assert name_of(nn.CrossEntropyLoss()) == name_of(F.cross_entropy) == "cross-entropy"
    assert name_of(nn.MSELoss()) == "mse"
    assert name_of(nn.CrossEntropyLoss(label_smoothing=0.1)) is None
    assert name_of(nn.CrossEntropyLoss(weight=torch.ones(2))) is None
    assert name_of(lambda outputs, targets: outputs - targets) is None


@pytest.mark.parametrize("factory", [False, True])
def test_a_loss_of_ones_own_is_what_training_makes_small(
    factory: bool, build: Any, net: Net
) -> None:
    def triple(outputs: Tensor, targets: Tensor) -> Tensor:
        return 3 * F.cross_entropy(outputs, targets)

    expected = copy.deepcopy(net)
    initial = copy.deepcopy(net)
    weights = by_hand(expected, torch.optim.SGD(expected.parameters(), lr=0.1), 4, triple)
    model = (lambda: copy.deepcopy(initial)) if factory else net
    engine = build(model=model, loss=triple, lr=0.1)
    engine.train(updates=4)
    torch.testing.assert_close(engine.model.layer.weight.detach(), weights)
    with pytest.raises(UserError, match="loss: to softmax give one by name"):
        gd_tui.engine(model="softmax", loss=triple)


# What goes wrong


def test_what_cannot_be_is_raised_in_one_line(build: Any, net: Net) -> None:
    with pytest.raises(UserError, match="batch size: 'many' is not allowed"):
        build(model=net, batch_size="many")
    with pytest.raises(UserError, match="no such setting"):
        build(model=net, speeed=3)
    with pytest.raises(UserError, match="model: int is not allowed"):
        build(model=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(net, X)
    with pytest.raises(UserError, match="has no weights of its own"):
        build(model=traced)
    with pytest.raises(UserError, match=r"model: script:Net failed: .*RuntimeError"):
        build(model=Net(inputs=5)).train(updates=1)
    engine = build(model=net)
    with pytest.raises(UserError, match="learning rate: -1 is not allowed"):
        engine.change("lr", -1)
    with pytest.raises(UserError, match="train: it has no end"):
        engine.train()
    assert engine.train(updates=1).at.updates == 1  # none of these did any harm


def test_training_that_diverges_raises(build: Any) -> None:
    class Exploding(Net):
        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x) ** 9

    engine = build(model=Exploding(), lr=1000.0)
    with pytest.raises(TrainingError, match="is not finite"):
        engine.train(updates=50)
    assert engine.run.state is State.DIVERGED


def test_a_stopped_engine_keeps_its_weights_and_forgets_what_it_was_given(
    build: Any, net: Net
) -> None:
    with build(model=net) as engine:
        run = engine.train(updates=2)
        weights = net.layer.weight.detach().clone()
    assert engine.run.at == run.at
    assert torch.equal(engine.model.layer.weight, weights)
    with pytest.raises(UserError, match="this engine was stopped"):
        engine.train(updates=1)
    with pytest.raises(UserError):
        own_code.load(run.config.model, "model")


# Saving


def test_a_saved_run_goes_on_with_the_same_objects(
    build: Any, net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = copy.deepcopy(net)
    build(model=whole, optimizer=SignSGD).train(updates=9)
    before = copy.deepcopy(net)
    with build(model=net, optimizer=SignSGD, saving=tmp_path) as engine:
        engine.train(updates=4)
    objects = {"model": before, "optimizer": SignSGD, "data": FOUR}
    engine = build(resume=tmp_path, **objects)
    assert engine.run.at.updates == 4
    assert torch.equal(engine.model.layer.weight, net.layer.weight)
    engine.train(updates=5)
    assert torch.equal(before.layer.weight, whole.layer.weight)
    engine.stop()
    with pytest.raises(UserError, match="an object of a script; give it again: gd_tui"):
        gd_tui.engine(resume=tmp_path)
    with monkeypatch.context() as elsewhere:
        elsewhere.delitem(OPTIMIZERS, "SignSGD")
        with pytest.raises(UserError, match="its optimizer SignSGD is not known here; if it is"):
            gd_tui.engine(resume=tmp_path, model=before, data=FOUR)
    with pytest.raises(UserError, match="seed: a run that goes on has settings of its own"):
        gd_tui.engine(resume=tmp_path, seed=3, **objects)
    with pytest.raises(UserError, match="resume: there is no saved run in"):
        gd_tui.engine(resume=tmp_path / "none", **objects)


def test_nothing_is_saved_unless_it_was_asked_for(build: Any, net: Net) -> None:
    engine = build(model=net)
    assert engine.train(updates=1).saving is None
    assert engine.folders == []
