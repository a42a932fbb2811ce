"""A model's layers one by one: figures that a direct computation agrees with."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.commands import Advance
from core.data.split import Resident
from core.losses import Loss
from core.measuring.histograms import BINS, histograms
from core.measuring.layers import Survey, layers_of, survey
from core.measuring.ratios import RatioMeter
from core.measuring.steadiness import WINDOW
from core.measuring.weights import flat
from core.run import Run
from core.snapshot import Moment
from core.trainer import Trainer
from tests.core.conftest import work_off

LOSS = Loss("cross-entropy")


class Tangled(nn.Module):
    """ReLUs of every kind, a frozen layer, a shared weight, running statistics, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.frozen = nn.Linear(64, 64).requires_grad_(False)
        self.wide = nn.Linear(64, 20)
        self.again = nn.Linear(20, 20, bias=False)
        self.tied = nn.Linear(20, 20, bias=False)
        self.tied.weight = self.again.weight
        self.dropout = nn.Dropout()
        self.last = nn.Linear(20, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.conv(x))).flatten(1)
        x = torch.relu(self.wide(self.frozen(x)))
        x = self.tied(F.relu(self.again(x))).relu_()
        return self.last(self.dropout(x))  # type: ignore[no-any-return]


def tangled() -> Tangled:
    torch.manual_seed(5)
    return Tangled()


def examples(n: int) -> Resident:
    generator = torch.Generator().manual_seed(n)
    inputs = torch.randn(n, 1, 6, 6, generator=generator)
    return Resident(inputs, torch.randint(3, (n,), generator=generator))


def surveyed(model: nn.Module, data: Resident, chunk: int = 4096) -> Survey:
    rows = torch.arange(len(data))
    *waits, found = survey(model, layers_of(model), LOSS, data, rows, chunk)
    assert waits == [None] * -(-len(data) // chunk)
    assert found is not None
    return found


def test_layers_are_the_modules_that_train_matrices_of_their_own() -> None:
    model = tangled()
    layers = layers_of(model)
    assert [layer.name for layer in layers] == ["conv", "wide", "again", "last"]
    whole = flat(model.parameters())
    for layer in layers:
        own = flat(layer.module.parameters())
        assert torch.equal(whole[layer.begin : layer.end], own)


def test_a_model_that_is_one_layer_is_called_by_its_kind() -> None:
    assert [layer.name for layer in layers_of(nn.Linear(2, 2))] == ["Linear"]
    assert layers_of(nn.BatchNorm1d(3)) == ()


def test_gradients_and_weights_have_the_lengths_that_autograd_tells() -> None:
    model, data = tangled(), examples(50)
    found = surveyed(model, data)
    model.eval()
    loss = F.cross_entropy(model(data.inputs), data.targets)
    loss.backward()  # type: ignore[no-untyped-call]
    assert found.loss == pytest.approx(loss.item(), rel=1e-5)
    for row, layer in zip(found.rows, layers_of(model), strict=True):
        own = list(layer.module.parameters())
        gradient = torch.cat([p.grad.flatten() for p in own if p.grad is not None])
        assert row.gradient == pytest.approx(float(gradient.norm()), rel=1e-4)
        assert row.weight == pytest.approx(float(flat(own).norm()), rel=1e-5)
        assert row.weights == sum(p.numel() for p in own)


@pytest.mark.parametrize("chunk", [7, 49])
def test_pieces_do_not_change_what_is_measured(chunk: int) -> None:
    model, data = tangled(), examples(50)
    whole, pieces = surveyed(model, data), surveyed(model, data, chunk)
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-5)
    for one, other in zip(pieces.rows, whole.rows, strict=True):
        assert one.gradient == pytest.approx(other.gradient, rel=1e-4)
        assert one.dead == other.dead


def test_dead_units_are_those_that_say_nothing_on_any_example_whatever_relu_it_is() -> None:
    model = tangled()
    with torch.no_grad():
        model.norm.bias[0] = -1e6  # one channel of four
        model.norm.weight[0] = 0.0
        model.wide.bias[:5] = -1e6  # five units of twenty
        model.again.weight[:] = model.again.weight.abs()
        model.again.weight[:10] *= -1  # both of its uses: its input is never below 0
    data = examples(200)
    dead = {row.name: row.dead for row in surveyed(model, data, 64).rows}
    model.eval()
    with torch.no_grad():
        seen = F.relu(model.norm(model.conv(data.inputs)))
        wide = F.relu(model.wide(model.frozen(seen.flatten(1))))
        once = F.relu(model.again(wide))
        both = torch.cat([once, F.relu(model.tied(once))], 1)
    assert dead["conv"] == 0.25 == float((seen.amax((0, 2, 3)) == 0).double().mean())
    assert dead["wide"] == pytest.approx(float((wide.amax(0) == 0).double().mean()))
    assert dead["wide"] >= 0.25
    assert dead["again"] == pytest.approx(float((both.amax(0) == 0).double().mean()))
    assert dead["again"] >= 0.5
    assert dead["last"] is None


def test_a_unit_that_speaks_once_in_any_piece_is_alive() -> None:
    model = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight[:] = torch.tensor([[1.0], [-1.0]])
        model[0].bias[:] = torch.tensor([-8.5, -8.5])
    data = Resident(torch.arange(10.0)[:, None], torch.zeros(10, dtype=torch.int64))
    assert surveyed(model, data, 3).rows[0].dead == 0.5  # 9 alone is above 8.5


def test_of_a_transformers_layer_units_are_entries_of_the_last_dimension() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.narrow = nn.Linear(4, 8), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.narrow(F.relu(self.wide(x))).mean(1)  # type: ignore[no-any-return]

    model = Tokens()
    with torch.no_grad():
        model.wide.bias[:2] = -1e6
    data = Resident(torch.randn(30, 5, 4), torch.zeros(30, dtype=torch.int64))
    assert surveyed(model, data).rows[0].dead == 0.25


def test_a_survey_leaves_no_trace_in_the_model() -> None:
    model, data = tangled(), examples(20)
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    surveyed(model, data, 6)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(module.training for module in model.modules())
    assert not any(module._forward_hooks for module in model.modules())
    assert torch.equal(torch.get_rng_state(), random)


def test_a_fault_in_the_model_leaves_no_hook_behind() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(36, 3)

        def forward(self, x: Tensor) -> Tensor:
            self.layer(x.flatten(1))
            raise RuntimeError("broken")

    model = Broken()
    with pytest.raises(RuntimeError, match="broken"):
        surveyed(model, examples(5))
    assert not model.layer._forward_hooks


def test_ratios_are_the_mean_of_the_updates_lengths_over_the_weights_before() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    layers = layers_of(model)
    generator = torch.Generator().manual_seed(0)
    path = [flat(model.parameters())]
    path += [path[0] + torch.randn(path[0].shape, generator=generator) for _ in range(4)]
    meter = RatioMeter(layers)
    meter.begin(path[0])
    for before, after in pairwise(path):
        meter.watch(after - before, after)
    told = meter.told(Moment(4)).of
    for layer in layers:
        parts = [each[layer.begin : layer.end].double() for each in path]
        pairs = pairwise(parts)
        ratios = [float((after - before).norm() / before.norm()) for before, after in pairs]
        assert told[layer.name] == pytest.approx(np.mean(ratios), rel=1e-5)


def test_a_layer_without_length_has_no_ratio() -> None:
    model = nn.Linear(2, 2)
    meter = RatioMeter(layers_of(model))
    meter.begin(torch.zeros(6))
    meter.watch(torch.ones(6), torch.ones(6))
    assert meter.told(Moment(1)).of == {}


@pytest.mark.parametrize("strategy", ["stochastic", "batch"])
def test_the_ratios_of_a_run_are_those_of_the_updates_it_makes(
    run: Callable[..., Run], trainer: Callable[..., Trainer], strategy: str
) -> None:
    subject = run(strategy=strategy, lr=0.05)
    subject.obey(Advance(WINDOW))
    work_off(subject)
    alone = trainer(strategy=strategy, lr=0.05, eval_every="epoch")
    layers = layers_of(alone.model)
    sums = dict.fromkeys((layer.name for layer in layers), 0.0)
    for _ in range(WINDOW):
        before = flat(alone.optimizer.parameters).double()
        while not alone.advance(1) and alone.mid_update:
            pass
        after = flat(alone.optimizer.parameters).double()
        for layer in layers:
            part = slice(layer.begin, layer.end)
            sums[layer.name] += float((after - before)[part].norm() / before[part].norm())
    assert subject.prober.ratios is not None
    assert subject.prober.ratios.at.updates == WINDOW
    for name, ratio in subject.prober.ratios.of.items():
        assert ratio == pytest.approx(sums[name] / WINDOW, rel=1e-3)


def test_histograms_count_every_weight_between_plus_and_minus_the_largest() -> None:
    model = tangled()
    layers = layers_of(model)
    *waits, found = histograms(layers)
    assert waits == [None] * len(layers)
    assert found is not None
    for each, layer in zip(found, layers, strict=True):
        weights = torch.cat([p.detach().flatten() for p in layer.matrices]).numpy()
        assert each.bound == pytest.approx(np.abs(weights).max())
        expected, _ = np.histogram(weights, BINS, (-each.bound, each.bound))
        assert each.counts.sum() == weights.size
        assert np.abs(each.counts - expected).sum() <= 4  # at the edges of bins
        assert each.deviation == pytest.approx(weights.std(), rel=1e-4)


def test_weights_that_are_no_numbers_or_all_nothing_are_no_fault() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight[:] = torch.tensor([[float("nan"), float("inf")], [1.0, -2.0]])
        model[1].weight.zero_()
    *_, found = histograms(layers_of(model))
    assert found is not None
    assert (found[0].bound, found[0].counts.sum()) == (2.0, 2.0)
    assert (found[1].bound, found[1].counts.sum()) == (0.0, 4.0)
