"""Rates taken by turns: what counts, what does not, and what every contender really trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch.nn.utils import parameters_to_vector
from torch.utils.data import TensorDataset

from core.data.dataset import Dataset
from core.errors import UserError
from tests.core.conftest import make_data
from tui.bench import chapter, ours, plain, theirs
from tui.bench.effort import Effort
from tui.bench.process import Place
from tui.bench.rates import Best, Loop, Rate, compete, fastest
from tui.bench.results import AUTOGRAD, CHAPTER, FUSED, LIMIT, PLAIN, WHOLE
from tui.bench.side import Side
from tui.bench.speed import row

EXAMPLES = 96


class Time:
    """A clock that moves only when a contender works."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[str] = []

    def loop(self, name: str, *costs: float, made: int = 1) -> Loop:
        """Each step makes `made` updates and costs the next of `costs`, the last one for ever."""

        def steps() -> Iterator[int]:
            left = list(costs)
            while True:
                self.now += left.pop(0) if len(left) > 1 else left[0]
                yield made

        return Loop(name, "", steps(), lambda: self.turns.append(name), lambda: self.now)


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_rate_is_the_median_of_the_rounds_after_the_first_which_warms_up(time: Time) -> None:
    (rate,) = compete([time.loop("steady", 3.0, 1.0, 0.8, 0.5)], 3, 0.5)
    assert rate.rounds == pytest.approx((1.0, 1.25, 2.0))
    assert rate.per_second == pytest.approx(1.25)


def test_a_round_goes_on_until_its_time_is_over_and_counts_all_updates(time: Time) -> None:
    (rate,) = compete([time.loop("slices", 0.4, made=10)], 1, 1.0)
    assert rate.rounds == (pytest.approx(25.0),)


def test_contenders_take_turns_and_each_is_prepared_for_its_own(time: Time) -> None:
    compete([time.loop("one", 1.0), time.loop("other", 1.0)], 2, 1.0)
    assert time.turns == ["one", "other"] * 3


def test_what_takes_very_long_is_measured_once_and_that_counts(time: Time) -> None:
    slow, quick = compete([time.loop("slow", 20.0), time.loop("quick", 1.0)], 3, 1.0)
    assert slow.rounds == (1 / 20,)
    assert len(quick.rounds) == 3


def test_the_fastest_way_is_the_one_with_the_best_of_several_trials(time: Time) -> None:
    ways = [
        time.loop("steady", 0.5),
        time.loop("disturbed at first", 2.0, 2.0, 0.1),
        time.loop("slow", 1.0),
    ]
    assert fastest(ways, 0.01).name == "disturbed at first"


def test_of_several_ways_the_best_counts_in_each_round(time: Time) -> None:
    best = Best("both", [time.loop("steady", 1.0), time.loop("unsteady", 0.5, 0.5, 2.0)])
    (rate,) = compete([best], 2, 0.1)
    assert rate.rounds == pytest.approx((2.0, 1.0))
    assert time.turns == ["steady", "unsteady"] * 3


@pytest.fixture(scope="module")
def data() -> Dataset:
    return make_data(train=EXAMPLES, side=28)


@pytest.fixture(scope="module")
def lessons(data: Dataset) -> TensorDataset:
    return TensorDataset(data.train.inputs, data.train.targets)


@pytest.mark.parametrize(
    ("size", "optimizer", "entered"),
    [
        (1, "sgd", {CHAPTER, PLAIN, LIMIT}),
        (EXAMPLES, "sgd", {CHAPTER, PLAIN, WHOLE, LIMIT}),
        (1, "adam", {PLAIN}),
    ],
)
def test_whom_we_compete_with_and_all_of_them_train(
    data: Dataset, lessons: TensorDataset, size: int, optimizer: str, entered: set[str]
) -> None:
    contenders = theirs.enter(data, lessons, size, optimizer, trial=0.001)
    assert {each.name for each in contenders} == entered
    assert all(each.train(0.001).updates >= 1 for each in contenders)


@pytest.mark.parametrize("size", [1, 16, EXAMPLES])
def test_our_contenders_make_their_updates_with_the_stepper_they_are_named_after(
    data: Dataset, size: int
) -> None:
    for stepper in (AUTOGRAD, FUSED):
        run = ours.trainer(data, size, "sgd", stepper)
        loop = ours.updates(run)
        made = sum(next(loop) for _ in range(3))
        assert run.stepper.name == stepper
        assert run.updates == made >= 3
    assert [each.name for each in ours.enter(data, size, "sgd") if isinstance(each, Loop)] == [
        AUTOGRAD,
        FUSED,
    ]


def test_a_stepper_that_cannot_be_had_is_told_with_the_reason(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_nothing(self: ours.Preparation) -> None:
        self.fault = "no numba here"

    monkeypatch.setattr(ours.Preparation, "finish", find_nothing)
    _, absent = ours.enter(data, 8, "sgd")
    assert absent == Rate(FUSED, "not measured here: no numba here", ())


def after(loop: Iterator[int], count: int) -> None:
    while count > 0:
        count -= next(loop)


def test_an_update_in_parts_is_the_update_of_the_whole_batch(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    build = plain.build
    monkeypatch.setattr(
        plain, "build", lambda *a, **k: trained.append(build(*a, **k)) or trained[-1]
    )
    for part in (None, 20):
        after(plain.updates(data, EXAMPLES, "sgd", plain.Way(1, "default", part)), 3)
    whole, in_parts = (parameters_to_vector(network.model.parameters()) for network in trained)
    torch.testing.assert_close(in_parts, whole)


@pytest.mark.parametrize("size", [1, 10])
def test_the_plain_loop_visits_every_example_once_an_epoch(data: Dataset, size: int) -> None:
    batches = list(plain._batches(data.train.inputs, data.train.targets, size))
    seen = torch.cat([images for images, _ in batches]).flatten(1)
    assert len(seen) == EXAMPLES
    assert torch.equal(seen.sum(1).sort().values, data.train.inputs.flatten(1).sum(1).sort().values)


def test_the_chapters_loop_makes_an_update_from_each_batch(
    lessons: TensorDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[Callable[[], object]] = []

    class Counting(torch.optim.SGD):
        def step(self) -> None:  # type: ignore[override]
            steps.append(super().step)
            super().step()

    monkeypatch.setattr(chapter.optim, "SGD", Counting)
    loop = chapter.updates(lessons, batch_size=10)
    assert sum(next(loop) for _ in range(23)) == 23  # beyond two epochs of 10 batches
    assert len(steps) == 23


SIDE = """
from core.errors import UserError
from tui.bench.rates import Loop, Rate
from tui.bench.side import serve

def enter(size, optimizer, trial):
    if size > 60_000:
        raise UserError("there are not so many examples")
    return [Loop(optimizer, f"{size} at a time", iter(range(7, 99))), Rate("no", "for want", ())]

serve(enter)
"""


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    """A process that answers as the two sides of the benchmark do."""
    (tmp_path / "some_side.py").write_text(SIDE)
    root = Path(__file__).parents[2]
    with Side("some_side", Place({**os.environ, "PYTHONPATH": str(root)}, tmp_path)) as side:
        yield side


def test_a_side_in_another_process_trains_when_it_is_asked_to(side: Side) -> None:
    (contender,), (absent,) = side.enter(64, "sgd", 0.1)
    assert (contender.name, contender.how) == ("sgd", "64 at a time")
    assert contender.train(0.0).updates == 7
    assert contender.train(0.0).updates == 8
    assert absent == Rate("no", "for want", ())


def test_what_a_side_complains_of_is_heard_and_it_goes_on(side: Side) -> None:
    with pytest.raises(UserError, match="there are not so many examples"):
        side.enter(70_000, "sgd", 0.1)
    assert side.enter(8, "adam", 0.1)[0][0].how == "8 at a time"


def test_a_side_that_ends_too_soon_is_one_clear_line(side: Side) -> None:
    with pytest.raises(UserError, match="a process that measures ended before its time"):
        side.ask("train", "nobody", 1.0)


def test_a_row_has_every_contender_of_every_side(side: Side) -> None:
    brief = Effort(rounds=2, round_seconds=0.0)
    measured = row((side,), 60_000, "sgd", brief)
    assert {rate.contender: len(rate.rounds) for rate in measured.rates} == {"sgd": 2, "no": 0}


def test_a_quick_look_leaves_out_the_chapters_full_batch_and_says_so(side: Side) -> None:
    brief = Effort(rounds=1, round_seconds=0.0, chapter_full_batch=False)
    measured = row((side,), 60_000, CHAPTER, brief)
    (chapters,) = [rate for rate in measured.rates if rate.contender == CHAPTER]
    assert chapters.per_second is None
    assert "not measured with --quick" in chapters.how
