"""A curve is brought down to what a chart has room for, and nothing that matters is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.snapshot import Curve
from tui.widgets.reduce import reduce

losses = st.floats(0, 1e300)


@st.composite
def curves(draw: st.DrawFn, values: st.SearchStrategy[float] = losses) -> Curve:
    n = draw(st.integers(1, 60))
    steps = draw(st.lists(st.floats(0.01, 10), min_size=n, max_size=n))
    triples = draw(st.lists(st.tuples(values, values, values), min_size=n, max_size=n))
    low, mean, high = np.sort(np.array(triples), axis=1).T
    count = draw(st.lists(st.integers(1, 1000), min_size=n, max_size=n))
    return Curve(np.cumsum(steps), mean, low, high, mean, np.array(count, float))


def span(curve: Curve) -> float:
    return float(curve.x[-1])


@given(curves(), st.integers(1, 40))
def test_extremes_survive(curve: Curve, dots: int) -> None:
    reduced = reduce(curve, 0, span(curve), dots)
    assert reduced.low.min() == curve.low.min()
    assert reduced.high.max() == curve.high.max()


@given(curves(), st.integers(1, 40), st.integers(1, 4))
def test_there_is_at_most_one_entry_to_a_slot(curve: Curve, dots: int, together: int) -> None:
    reduced = reduce(curve, 0, span(curve), dots, together)
    assert len(reduced.x) <= -(-dots // together)


@given(curves(), st.integers(1, 40))
def test_every_value_is_counted_once(curve: Curve, dots: int) -> None:
    assert reduce(curve, 0, span(curve), dots).count.sum() == curve.count.sum()


@given(curves(), st.integers(1, 40))
def test_means_stay_between_the_extremes(curve: Curve, dots: int) -> None:
    reduced = reduce(curve, 0, span(curve), dots)
    slack = 1e-9 * reduced.high
    assert (reduced.low - slack <= reduced.mean).all()
    assert (reduced.mean <= reduced.high + slack).all()


@given(curves(), st.integers(1, 40))
def test_the_curve_ends_where_it_ended(curve: Curve, dots: int) -> None:
    reduced = reduce(curve, 0, span(curve), dots)
    assert (reduced.x[-1], reduced.last[-1]) == (curve.x[-1], curve.last[-1])


def of(mean: list[float], count: list[float]) -> Curve:
    x, values = np.arange(1.0, len(mean) + 1), np.array(mean)
    return Curve(x, values, values, values, values, np.array(count))


def test_a_merged_mean_is_weighted_by_count() -> None:
    assert reduce(of([1.0, 4.0], [2.0, 1.0]), 0, 2, 1).mean == pytest.approx([2.0])


def test_what_is_not_a_number_is_left_out_of_a_mean() -> None:
    assert reduce(of([1.0, np.nan, np.inf], [1.0, 9.0, 9.0]), 0, 3, 1).mean == [1.0]


def test_a_slot_without_any_number_is_a_gap() -> None:
    reduced = reduce(of([1.0, np.nan, 3.0], [1.0, 1.0, 1.0]), 1, 3, 3)
    np.testing.assert_array_equal(reduced.mean, [1.0, np.nan, 3.0])


def test_points_already_drawn_stay_when_others_arrive() -> None:
    values = list(np.random.default_rng(0).random(90))
    before = reduce(of(values[:60], [1.0] * 60), 0, 100, 20)
    after = reduce(of(values, [1.0] * 90), 0, 100, 20)
    settled = len(before.x) - 1  # the last slot may still be filling
    assert (after.mean[:settled] == before.mean[:settled]).all()


def test_an_empty_curve_stays_empty() -> None:
    assert reduce(of([], []), 0, 1, 10).x.size == 0


def test_entries_outside_the_axis_are_left_out() -> None:
    assert reduce(of([1.0, 2.0, 3.0], [1.0] * 3), 0, 2, 10).x.tolist() == [1.0, 2.0]
