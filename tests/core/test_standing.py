"""Who is ahead depends on the clock; the numbers behind it agree with direct computation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.history import Series, stamps
from core.racing.standing import Measure, Standing, standing
from core.snapshot import Clock, Curve, History, Moment, RunView, State

TESTS = [Measure.TEST_LOSS, Measure.ACCURACY]


@dataclass
class Stand:
    """As much of a RunView as is compared."""

    id: int
    history: History
    examples_per_update: int
    state: State = State.RUNNING
    forked_at: Moment | None = None
    at: Moment = field(default_factory=Moment)


def run(
    id: int,
    losses: Any,
    *,
    size: int = 1,
    seconds: float = 1.0,
    tests: Any = (),
    every: int = 1,
) -> RunView:
    """A run of an update for each loss, `seconds` long each, tested `every` so many updates."""
    losses = np.asarray(losses, np.float64)
    train, test = Series(), Series()
    if len(losses):
        sizes = np.full(len(losses), size)
        train.extend(*stamps(Moment(), sizes, seconds * len(losses)), losses)
    for k, value in enumerate(tests):
        updates = k * every
        test.add(Moment(updates, updates * size, updates * seconds), value)
    history = History(1, train.curves(), test.curves(), test.curves(), ())
    return cast(RunView, Stand(id, history, size))


def found(runs: list[RunView], clock: Clock, measure: Measure) -> Standing:
    result = standing(runs, clock, measure)
    assert result is not None
    return result


def falling(updates: int, rate: float) -> np.ndarray:
    losses: np.ndarray = 2.3 * np.exp(-rate * np.arange(updates))
    return losses


def test_the_same_race_has_another_winner_on_each_clock() -> None:
    # Within ten seconds: batch learns most from an update, stochastic from an example, and
    # mini-batch in a second.
    batch = run(1, falling(10, 0.05), size=60_000, seconds=1.0)
    stochastic = run(2, falling(1000, 1e-3), size=1, seconds=0.01)
    mini_batch = run(3, falling(500, 0.01), size=64, seconds=0.02)
    runs = [batch, stochastic, mini_batch]
    winners = {clock: found(runs, clock, Measure.LOSS).ranking[0][0] for clock in Clock}
    assert winners == {Clock.UPDATES: 1, Clock.EXAMPLES: 2, Clock.SECONDS: 3}


@pytest.mark.parametrize("measure", Measure)
def test_runs_are_compared_where_the_one_that_is_behind_is(measure: Measure) -> None:
    ahead = run(1, np.ones(900), tests=np.linspace(0, 0.9, 10), every=100)
    behind = run(2, np.ones(340), tests=np.linspace(0, 0.3, 4), every=100)
    place = 340 if measure is Measure.LOSS else 300
    assert found([ahead, behind], Clock.UPDATES, measure).place == place


@given(
    tests=st.lists(st.floats(0, 1), min_size=2, max_size=20),
    other=st.integers(1, 200),
    every=st.integers(1, 30),
)
def test_between_two_evaluations_lies_a_straight_line(
    tests: list[float], other: int, every: int
) -> None:
    one = run(1, (), tests=tests, every=every)
    two = run(2, (), tests=[0.0, 0.5], every=other)
    result = found([one, two], Clock.UPDATES, Measure.ACCURACY)
    last = (len(tests) - 1) * every
    assert result.place == min(last, other)
    steps, share = divmod(result.place, every)
    low = tests[int(steps)]
    high = tests[min(int(steps) + 1, len(tests) - 1)]
    assert dict(result.ranking)[1] == pytest.approx(low + share / every * (high - low))


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_the_training_loss_is_the_mean_over_the_last_tenth_of_the_way(losses: list[float]) -> None:
    updates = len(losses)
    value = dict(found([run(1, losses)], Clock.UPDATES, Measure.LOSS).ranking)[1]
    # Every loss holds over the stretch of its update, from k to k + 1 on the clock.
    starts = np.arange(updates)
    share = np.clip(starts + 1 - np.maximum(starts, 0.9 * updates), 0, None)
    assert value == pytest.approx(float(np.average(losses, weights=share)))


def test_a_bucket_that_lies_partly_in_the_window_counts_in_part() -> None:
    losses = falling(100_000, 2e-5)  # too many for a bucket each
    behind = run(2, np.ones(5003))
    value = dict(found([run(1, losses), behind], Clock.UPDATES, Measure.LOSS).ranking)[1]
    assert value == pytest.approx(losses[4503:5003].mean(), rel=1e-3)


def test_the_lowest_loss_and_the_highest_accuracy_come_first() -> None:
    low, high = run(1, np.ones(9), tests=[0.1, 0.2]), run(2, np.full(9, 2.0), tests=[0.1, 0.7])
    order = {
        measure: [i for i, _ in found([high, low], Clock.UPDATES, measure).ranking]
        for measure in Measure
    }
    assert order == {Measure.LOSS: [1, 2], Measure.TEST_LOSS: [1, 2], Measure.ACCURACY: [2, 1]}


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("clock", Clock)
def test_before_all_have_begun_there_is_nothing_to_compare(measure: Measure, clock: Clock) -> None:
    begun, fresh = run(1, np.ones(9), tests=[0.1, 0.2]), run(2, (), tests=[0.1])
    assert standing([begun, fresh], clock, measure) is None
    assert standing([], clock, measure) is None


def test_forks_that_changed_nothing_are_level() -> None:
    losses = falling(500, 0.01)
    for measure in Measure:
        forks = [run(i, losses, tests=[0.1, 0.2, 0.3], every=200) for i in (1, 2)]
        assert found(forks, Clock.SECONDS, measure).is_level
    apart = [run(1, losses), run(2, 2 * losses)]
    assert not found(apart, Clock.SECONDS, Measure.LOSS).is_level


@pytest.mark.parametrize("measure", TESTS)
def test_an_evaluation_far_away_makes_a_value_rough(measure: Measure) -> None:
    often = run(1, (), tests=np.linspace(0, 1, 51))
    seldom = run(2, (), tests=[0.1, 0.9], every=10_000)
    doubling = run(3, (), tests=[0.1, 0.2, 0.3], every=32)
    assert found([often, seldom, doubling], Clock.UPDATES, measure).rough == {2}


def test_the_mean_over_a_few_examples_is_rough() -> None:
    noisy, calm = run(1, np.ones(500), size=1), run(2, np.ones(500), size=64)
    assert found([noisy, calm], Clock.UPDATES, Measure.LOSS).rough == {1}


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("measure", Measure)
def test_a_loss_beyond_all_numbers_comes_last(measure: Measure) -> None:
    fine, wild = run(1, np.ones(9), tests=[0.5, 0.5]), run(2, np.full(9, 2.0), tests=[0.5, 0.4])
    for curves in (wild.history.train_loss, wild.history.test_loss, wild.history.test_accuracy):
        for curve in curves.values():
            curve.mean[:] = curve.last[:] = math.inf
    assert [i for i, _ in found([wild, fine], Clock.UPDATES, measure).ranking] == [1, 2]


def test_a_curve_too_coarse_to_tell_has_no_value() -> None:
    x, ones, count = np.array([4000.0, 8000.0]), np.ones(2), np.full(2, 4000.0)
    curves = dict.fromkeys(Clock, Curve(x, ones, ones, ones, ones, count))
    coarse = cast(RunView, Stand(1, History(1, curves, curves, curves, ()), 64))
    fine = run(2, np.full(50, 2.0), size=64)
    result = found([coarse, fine], Clock.UPDATES, Measure.LOSS)
    assert result.ranking[0] == (2, 2.0)
    assert math.isnan(result.ranking[1][1])
    assert result.rough == {1}


def test_what_trains_no_more_stands_at_the_end_of_its_time() -> None:
    """Batch had an update under way when its budget was spent: it stays where it was."""
    batch = run(0, [2.0, 1.0], size=97, seconds=4.0)
    other = run(1, [2.0] * 9 + [0.5])
    done = [replace(each, state=State.FINISHED, at=Moment(seconds=10.0)) for each in (batch, other)]
    stands = standing(done, Clock.SECONDS, Measure.LOSS)  # type: ignore[arg-type]
    assert stands is not None
    assert stands.place == 10.0
    assert dict(stands.ranking)[0] == 1.0


def test_a_fork_is_compared_beyond_its_fork_only() -> None:
    parent = run(0, [2.0] * 10)
    fork = replace(run(1, [2.0] * 5 + [1.0] * 5), forked_at=Moment(seconds=5.0))
    early = run(2, [2.0] * 4)
    assert standing([parent, fork], Clock.SECONDS, Measure.LOSS)  # type: ignore[list-item]
    assert not standing([parent, fork, early], Clock.SECONDS, Measure.LOSS)  # type: ignore[list-item]
