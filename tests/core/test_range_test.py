"""The learning-rate finder: its curve is plain PyTorch's, and its run is left untouched."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from core.commands import Advance, Change, FindRate, Reset, Start, StopFinding
from core.config import configure
from core.data.dataset import Dataset
from core.data.spec import DataSpec
from core.data.split import Resident
from core.errors import UserError
from core.finding import Ended, Finding
from core.measuring.range_test import bounds
from core.measuring.suggestion import Smoothing, suggested
from core.racing.fairness import Race
from core.racing.race import Budget
from core.run import Run
from core.snapshot import Clock, State
from core.steppers.fused.preparation import Preparation
from tests.core.conftest import NO_KERNELS, same_bits, weights_of, work_off

RATES = np.geomspace(1e-5, 10, 100)
LINE = DataSpec("mnist", "a line", train=8, test=8, shape=(1,), targets=("y",))
COSINE = {"schedule": "cosine", "decay_epochs": 30}
SETTINGS: list[tuple[bool, dict[str, object]]] = [  # whether by kernels, and which
    (True, {"strategy": "stochastic"}),
    (True, {"strategy": "batch", "optimizer": "rmsprop"}),
    (True, {"batch_size": 8, "optimizer": "adam", **COSINE}),
    (False, {"strategy": "batch", "optimizer": "rmsprop"}),
    (False, {"batch_size": 32, "optimizer": "adamax", **COSINE}),
    (False, {"batch_size": 32, "momentum": 0.9, "order": "replacement", "warmup": 2}),
]


@pytest.fixture(scope="module")
def kernels() -> Preparation:
    prepared = Preparation()
    prepared.finish()
    return prepared


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], str]:
    """Writes a network of the user's own; returns its name."""

    def write(text: str) -> str:
        path = tmp_path / "net.py"
        path.write_text("import random\nimport numpy as np\nimport torch\n" + text)
        return f"{path}:make"

    return write


@pytest.fixture
def blind(data: Dataset) -> Run:
    """Its inputs tell nothing: it can learn no more than how frequent the classes are."""
    assert data.train.inputs is not None
    nothing = replace(data, train=Resident(0 * data.train.inputs, data.train.targets))
    config = configure({"batch_size": 32, "lr": 0.05, "model": "softmax"})
    return Run("run 1", config, nothing, NO_KERNELS)


def work_until(subject: Run, reached: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if reached():
            return
        subject.work()
    raise AssertionError(f"{subject.state}: {subject.reason}")


def found(subject: Run) -> Finding:
    """What is found for a run that has nothing else to do."""
    subject.obey(FindRate())
    work_until(subject, lambda: not subject.finder.busy)
    finding = subject.finder.finding
    assert finding is not None
    assert not finding.under_way
    return finding


# The curve


@pytest.mark.parametrize("size", [16, 64, 97])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_curve_is_that_of_a_loop_in_plain_pytorch(
    run: Callable[..., Run], data: Dataset, size: int, optimizer: str
) -> None:
    subject = run(batch_size=size, optimizer=optimizer, seed=3)
    subject.obey(Advance(20))
    work_off(subject)
    model = copy.deepcopy(subject.trainer.model)
    state = subject.trainer.optimizer.parts[0].state_dict()
    finding = found(subject)

    sgd = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](model.parameters(), lr=1.0)
    sgd.load_state_dict(state)
    generator, rows = torch.Generator().manual_seed(3), []
    for _ in range(400):
        rows += torch.split(torch.randperm(97, generator=generator), size)
    per_rate = math.ceil(256 / size)
    rates = [finding.rates[0], *np.repeat(finding.rates, per_rate)[1:], finding.rates[-1]]
    losses, sizes = [], []
    for some, rate in zip(rows[20:], rates, strict=False):
        sgd.param_groups[0]["lr"] = float(rate)
        loss = cross_entropy(model(data.train.inputs[some]), data.train.targets[some])  # type: ignore[index]
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
        sizes.append(len(some))
    # The loss that an update begins with is what the update before led to.
    after, weights = np.array(losses[1:]), np.array(sizes[1:])
    shape = (len(finding.rates), per_rate)
    told = np.average(after.reshape(shape), weights=weights.reshape(shape), axis=1)
    before = np.searchsorted(finding.rates, 1.0)  # beyond, rounding errors grow
    assert finding.losses[:before] == pytest.approx(told[:before], rel=1e-3)


def test_a_parabola_is_left_at_the_rates_that_arithmetic_tells(own: Callable[[str], str]) -> None:
    """One weight w, loss (w - 3)²: an update at rate r multiplies the loss by (1 - 2r)²."""
    ones, threes = torch.ones(8, 1), torch.full((8, 1), 3.0)
    data = Dataset(LINE, Resident(ones, threes), Resident(ones, threes))
    model = own(
        "def make():\n"
        "    net = torch.nn.Linear(1, 1, bias=False)\n"
        "    torch.nn.init.zeros_(net.weight)\n"
        "    return net\n"
    )
    config = configure({"model": model, "strategy": "batch", "lr": 0.02})
    finding = found(Run("run 1", config, data, NO_KERNELS))
    per_rate = 256 // 8
    steps = np.repeat((1 - 2 * np.array(finding.rates)) ** 2, per_rate)
    losses = 9 * np.cumprod(steps).reshape(-1, per_rate).mean(axis=1)
    counted = losses > 1e-6
    assert np.array(finding.losses)[counted] == pytest.approx(losses[counted], rel=1e-3)
    steepest = np.gradient(finding.smoothed, np.log10(finding.rates)).argmin()
    assert finding.suggestion is not None
    assert abs(finding.rates.index(finding.suggestion) - steepest) <= 1


def test_each_rate_is_the_mean_of_examples_enough(data: Dataset, kernels: Preparation) -> None:
    finding = found(Run("run 1", configure({"strategy": "stochastic"}), data, kernels))
    ends_early = finding.updates - 1 - 256 * len(finding.rates)
    assert finding.examples == finding.updates
    assert 0 <= ends_early < 256  # those at a rate at which the loss was not finite any more


def test_the_rates_rise_by_equal_factors_around_the_default_and_the_present_rate(
    run: Callable[..., Run],
) -> None:
    finding = found(run(batch_size=64, optimizer="adam"))
    assert bounds(configure({"optimizer": "adam"})) == (1e-6, 1.0)
    assert (finding.low, finding.high) == (1e-6, 1.0)
    factors = np.diff(np.log(finding.rates))
    assert factors == pytest.approx(np.full(len(factors), math.log(1e6) / 99))
    assert bounds(configure({"lr": 1.0})) == (1e-5, 1000.0)  # beyond, no rate is allowed
    assert bounds(configure({"lr": 1e-6})) == pytest.approx((1e-9, 10.0))


def test_where_updates_take_long_the_rates_are_fewer_and_reach_as_far(data: Dataset) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.5
        return now

    config = configure({"strategy": "batch", "optimizer": "adam"})
    finding = found(Run("run 1", config, data, NO_KERNELS, clock))
    assert 16 <= len(finding.rates) < 20
    assert finding.rates[-1] == finding.high
    assert finding.ended_by is Ended.HIGHEST
    assert finding.progress == 1.0


def test_it_ends_where_the_loss_is_four_times_its_lowest(blind: Run) -> None:
    finding = found(blind)
    assert finding.ended_by is Ended.DIVERGED
    assert finding.rates[-1] < finding.high
    assert all(math.isfinite(loss) for loss in finding.losses)
    lowest = np.minimum.accumulate(finding.smoothed)
    assert (np.array(finding.smoothed)[4:-1] <= 4 * lowest[4:-1]).all()


# Smoothing and suggestion


def test_an_average_forgets_with_the_distance_between_rates() -> None:
    losses = np.random.default_rng(0).standard_normal(100)
    smoothing = Smoothing()
    for last, (rate, loss) in enumerate(zip(RATES, losses, strict=True)):
        kept = np.exp(-np.log10(rate / RATES[: last + 1]) / 0.25)
        expected = np.average(losses[: last + 1], weights=kept)
        assert smoothing.add(rate, loss) == pytest.approx(expected)


@given(st.floats(-4, 0), st.floats(0.1, 3), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_the_suggestion_is_where_the_curve_is_steepest_in_any_unit(
    centre: float, width: float, unit: float, offset: float
) -> None:
    """A fall along a logistic curve is steepest at its centre."""
    fall = unit / (1 + np.exp((np.log10(RATES) - centre) / (0.2 * width)))
    loss = (offset * unit + fall).tolist()
    rate = suggested(RATES.tolist(), loss, loss)
    assert rate is not None
    assert abs(math.log10(rate) - centre) < 0.07


@given(st.integers(0, 2**32 - 1))
def test_nothing_is_suggested_where_the_loss_only_trembles_or_rises(seed: int) -> None:
    rising = np.where(RATES > 0.1, 3 * RATES, 0.0)
    loss = (1 + rising + 0.1 * np.random.default_rng(seed).standard_normal(100)).tolist()
    smoothing = Smoothing()
    smoothed = [smoothing.add(rate, value) for rate, value in zip(RATES, loss, strict=True)]
    assert suggested(RATES.tolist(), loss, smoothed) is None


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_before_the_loss_falls_its_trembling_suggests_nothing(seed: int, noise: float) -> None:
    """A fall of 1 around a rate of 0.1, as flat as it can be told from neighbours' differences."""
    fall = 1 / (1 + (RATES / 0.1) ** 2)
    loss = (fall + 0.4 * noise * np.random.default_rng(seed).standard_normal(100)).tolist()
    smoothing = Smoothing()
    smoothed = [smoothing.add(rate, value) for rate, value in zip(RATES, loss, strict=True)]
    rate = suggested(RATES.tolist(), loss, smoothed)
    assert rate is None or 0.01 < rate < 10


def test_a_network_that_has_learned_all_it_can_gets_no_suggestion(blind: Run) -> None:
    blind.obey(Advance(200))
    work_off(blind)
    assert found(blind).suggestion is None


def test_a_loss_that_is_not_finite_at_once_gives_an_empty_curve(
    run: Callable[..., Run],
) -> None:
    subject = run()
    with torch.no_grad():
        subject.trainer.model.get_parameter("fc1.weight").fill_(math.inf)
    finding = found(subject)
    assert (finding.rates, finding.suggestion) == ((), None)
    assert (finding.ended_by, finding.reached) == (Ended.DIVERGED, finding.low)
    assert subject.state is State.READY


# The run


def stands(subject: Run) -> dict[str, Any]:
    """All that decides how a run goes on, but for its weights."""
    saved = subject.capture()
    return {
        "at": (saved.at.updates, saved.at.examples),
        "config": saved.config,
        "sampler": {k: v for k, v in saved.sampler.items() if k in ("cursor", "epochs_done")},
        "generator": saved.sampler["generator"].tolist(),
        "optimizer": [
            {name: value.tolist() for name, value in held.items()}
            for part in saved.optimizer["parts"]
            for held in part.values()
        ],
        "schedule": saved.schedule,
        "events": [event.what for event in subject.trainer.record.events],
    }


@pytest.mark.parametrize(("compiled", "given"), SETTINGS)
def test_a_run_ends_as_if_nobody_had_looked_for_a_rate(
    compiled: bool, given: dict[str, object], data: Dataset, kernels: Preparation
) -> None:
    config = configure({"eval_every": "epoch", **given})
    made_by = kernels if compiled else NO_KERNELS
    subject, alone = (Run("run 1", config, data, made_by) for _ in range(2))
    for each in (subject, alone):
        each.trainer.micro_batch = 40
        each.obey(Advance(60))
    large = config.strategy == "batch"
    work_until(subject, lambda: subject.trainer.updates >= 7)
    work_until(subject, lambda: subject.trainer.mid_update or not large)
    line = subject.log.last
    assert found(subject).updates > 100
    assert subject.log.last == line  # not a word in the journal
    assert subject.state is State.RUNNING
    for each in (subject, alone):
        work_off(each)
    assert same_bits(weights_of(subject.trainer), weights_of(alone.trainer))
    assert stands(subject) == stands(alone)


def test_nor_are_the_random_numbers_and_statistics_of_a_users_network_touched(
    data: Dataset, own: Callable[[str], str]
) -> None:
    model = own(
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.norm = torch.nn.BatchNorm1d(36)\n"
        "        self.out = torch.nn.Linear(36, 10)\n"
        "    def forward(self, x):\n"
        "        x = torch.dropout(self.norm(x.flatten(1)), 0.5, self.training)\n"
        "        if self.training:\n"
        "            x = x * (1 + 0.1 * random.random() + 0.1 * np.random.rand())\n"
        "        return self.out(x)\n"
        "def make():\n"
        "    return Net()\n"
    )
    config = configure({"model": model, "batch_size": 20, "eval_every": "epoch"})

    def end(*, looks: bool) -> tuple[dict[str, torch.Tensor], object]:
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)
        subject = Run("run 1", config, data, NO_KERNELS)
        subject.obey(Advance(50))
        work_until(subject, lambda: subject.trainer.updates >= 20)
        if looks:
            found(subject)
        work_off(subject)
        drawn = torch.rand(1).item(), random.random(), np.random.rand()
        return subject.trainer.model.state_dict(), drawn

    (seen, left), (unseen, right) = end(looks=True), end(looks=False)
    assert all(torch.equal(seen[name], unseen[name]) for name in unseen)
    assert left == right


def test_looking_takes_no_training_time_and_the_run_goes_on_to_its_goal(
    run: Callable[..., Run],
) -> None:
    subject = run(batch_size=32)
    subject.obey(Advance(40))
    work_until(subject, lambda: subject.trainer.updates >= 10)
    at = subject.trainer.at
    subject.obey(FindRate())
    assert subject.wait() == 0.0
    while subject.finder.busy:
        assert subject.work()
        assert subject.trainer.at == at
    work_off(subject)
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, 40)
    assert subject.finder.finding is not None  # as long as somebody may look at it
    subject.obey(StopFinding())
    assert subject.finder.finding is None


def test_a_search_that_is_stopped_is_forgotten(run: Callable[..., Run]) -> None:
    subject = run()
    work_off(subject)
    subject.obey(FindRate())
    subject.work()
    subject.obey(StopFinding())
    assert not subject.finder.busy
    assert subject.finder.finding is None
    assert not subject.work()
    assert subject.wait() == math.inf


def test_a_new_beginning_ends_it(run: Callable[..., Run]) -> None:
    subject = run()
    subject.obey(FindRate())
    subject.work()
    subject.obey(Reset())
    assert not subject.finder.busy


def test_the_rate_that_is_taken_can_be_taken_back(run: Callable[..., Run]) -> None:
    subject = run(batch_size=32)
    subject.obey(Advance(5))
    work_off(subject)
    rate = found(subject).suggestion
    assert rate is not None
    subject.obey(Change("lr", rate))
    assert subject.trainer.config.learning_rate == rate
    last = subject.past.timeline.last_change
    assert last is not None
    assert last.checkpoint.config.learning_rate == 0.01


def test_who_races_does_not_let_the_others_wait(run: Callable[..., Run]) -> None:
    subject = run(batch_size=32)
    subject.enter(Race(Budget(Clock.UPDATES, 20), [subject]))
    subject.obey(Start())
    with pytest.raises(UserError, match=r"^run 1 races, and the others would wait for it; f forks"):
        subject.obey(FindRate())
    work_off(subject)
    assert subject.state is State.FINISHED
    found(subject)


def test_what_a_network_raises_ends_the_search_alone(
    data: Dataset, own: Callable[[str], str]
) -> None:
    model = own(
        "made = []\n"
        "class Net(torch.nn.Linear):\n"
        "    def forward(self, x):\n"
        "        self.calls = getattr(self, 'calls', 0) + 1\n"
        "        if made.index(self) == 1 and self.calls > 9:\n"
        "            raise ValueError('enough of it')\n"
        "        return super().forward(x.flatten(1))\n"
        "def make():\n"
        "    made.append(Net(36, 10))\n"
        "    return made[-1]\n"
    )
    subject = Run("run 1", configure({"model": model, "batch_size": 32}), data, NO_KERNELS)
    finding = found(subject)
    assert finding.ended_by is Ended.FAULT
    assert finding.trouble.endswith("net.py, line 9: ValueError: enough of it")
    assert finding.suggestion is None
    subject.obey(Advance(20))
    work_off(subject)
    assert (subject.state, subject.trainer.updates) == (State.PAUSED, 20)


def test_a_factory_that_always_returns_one_network_is_refused(
    data: Dataset, own: Callable[[str], str]
) -> None:
    model = own(
        "net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 10))\n"
        "def make():\n"
        "    return net\n"
    )
    subject = Run("run 1", configure({"model": model, "batch_size": 32}), data, NO_KERNELS)
    before = weights_of(subject.trainer)
    with pytest.raises(UserError, match="returns the same network each time"):
        subject.obey(FindRate())
    assert same_bits(weights_of(subject.trainer), before)
    assert not subject.finder.busy
