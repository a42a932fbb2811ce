"""Series stay bounded, and spikes survive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.history import BucketedCurve, RecentWindow, stamps, trembling
from core.snapshot import Moment

values = st.lists(
    st.floats(-1e6, 1e6, width=32) | st.sampled_from([float("nan"), float("inf")]), max_size=300
)


@given(values=values, chunk=st.integers(1, 50), capacity=st.integers(4, 40))
def test_a_curve_keeps_count_mean_extremes_and_last(
    values: list[float], chunk: int, capacity: int
) -> None:
    curve = BucketedCurve(width=1.0, capacity=capacity)
    x = np.cumsum(np.ones(len(values)))
    for begin in range(0, len(values), chunk):
        part = slice(begin, begin + chunk)
        curve.extend(x[part], np.array(values, float)[part])
    seen = curve.curve()
    finite = [value for value in values if np.isfinite(value)]
    assert len(seen.x) <= capacity
    assert seen.count.sum() == len(finite)
    if finite:
        assert seen.low.min() == min(finite)
        assert seen.high.max() == max(finite)
        assert seen.last[-1] == finite[-1]
        assert (seen.mean * seen.count).sum() == pytest.approx(sum(finite), rel=1e-6, abs=1e-3)
        assert np.all(np.diff(seen.x) > 0)
        tolerance = 1e-9 * max(map(abs, finite))
        assert np.all(seen.low <= seen.mean + tolerance)
        assert np.all(seen.mean <= seen.high + tolerance)


def test_the_same_values_give_the_same_curve_however_they_come() -> None:
    rng = np.random.default_rng(0)
    values, x = rng.normal(size=5000), np.arange(1.0, 5001)
    one, other = BucketedCurve(1.0, 64), BucketedCurve(1.0, 64)
    one.extend(x, values)
    for begin in range(0, 5000, 7):
        other.extend(x[begin : begin + 7], values[begin : begin + 7])
    np.testing.assert_allclose(one.curve().mean, other.curve().mean)
    np.testing.assert_array_equal(one.curve().high, other.curve().high)


def test_a_long_run_needs_no_more_buckets_than_a_short_one() -> None:
    curve = BucketedCurve(width=1.0)
    for begin in range(0, 1_000_000, 50_000):
        x = np.arange(begin, begin + 50_000, dtype=float)
        curve.extend(x, np.where(x == 123_456, 99.0, 1.0))
    seen = curve.curve()
    assert 1024 < len(seen.x) <= 2048
    assert seen.high.max() == 99.0


def test_a_bucket_holds_the_values_of_one_phase_only() -> None:
    curve = BucketedCurve(width=100.0)
    curve.extend(np.arange(10.0), np.full(10, 2.0))
    curve.begin_phase()
    curve.extend(np.arange(10.0, 20.0), np.full(10, 1.0))
    curve.begin_phase()
    assert curve.curve().mean.tolist() == [2.0, 1.0]


def test_close_to_the_start_every_update_keeps_its_bucket() -> None:
    curve = BucketedCurve(width=1.0)
    for start in range(0, 1_000_000, 10_000):
        places = np.arange(start + 1.0, start + 10_001.0)
        curve.extend(places, places)
    seen = curve.curve()
    assert seen.x[:32].tolist() == list(range(1, 33))
    assert seen.count.sum() == 1_000_000
    widest = np.diff(seen.x).max()
    assert (np.diff(seen.x) <= np.maximum(1, seen.x[1:] / 16)).all()
    assert widest <= 2 * 1_000_000 / 1024


def test_places_that_do_not_increase_end_all_the_same() -> None:
    """It is not how a curve is meant to be used, but nothing may hang by it."""
    curve = BucketedCurve(width=1.0, capacity=64)
    for _ in range(20):
        curve.extend(np.arange(200.0), np.ones(200))
    assert curve.curve().count.sum() == 4000


def test_thousands_of_phases_stay_bounded() -> None:
    curve = BucketedCurve(width=1.0, capacity=64)
    for place in range(5000):
        curve.begin_phase()
        curve.extend(np.array([float(place)]), np.array([1.0]))
    assert len(curve.curve().x) <= 64
    assert curve.curve().count.sum() == 5000


def test_a_published_curve_is_not_written_again() -> None:
    curve = BucketedCurve(width=1.0)
    curve.extend(np.arange(10.0), np.arange(10.0))
    seen = curve.curve()
    curve.extend(np.arange(10.0, 20.0), np.full(10, -5.0))
    curve.curve()
    assert seen.low.min() == 0.0
    assert len(seen.x) == 10


@given(sizes=st.lists(st.integers(1, 40), max_size=30), length=st.integers(1, 20))
def test_the_window_holds_the_latest_updates(sizes: list[int], length: int) -> None:
    window = RecentWindow(length)
    everything: list[float] = []
    for size in sizes:
        new = np.arange(len(everything), len(everything) + size, dtype=np.float32)
        window.extend(new, np.ones(size, np.int64))
        everything += new.tolist()
    assert window.latest(10_000).tolist() == everything[-length:]
    assert window.latest(3).tolist() == everything[-min(3, length) :] if everything else True


def test_the_running_mean_covers_the_latest_examples_and_weighs_by_them() -> None:
    window = RecentWindow()
    assert window.running_mean(10) is None
    window.extend(np.array([9.0, 1.0], np.float32), np.array([100, 4]))
    window.extend(np.array([2.0, 3.0], np.float32), np.array([4, 2]))
    assert window.running_mean(1) == pytest.approx(3.0)
    assert window.running_mean(6) == pytest.approx((2 * 4 + 3 * 2) / 6)
    assert window.running_mean(11) == pytest.approx((9 * 1 + 1 * 4 + 2 * 4 + 3 * 2) / 11)


def test_a_full_batch_leaves_the_running_mean_as_the_examples_after_it_come_in() -> None:
    window = RecentWindow()
    window.extend(np.array([2.3], np.float32), np.array([60_000]))
    window.extend(np.full(1000, 0.3, np.float32), np.ones(1000, np.int64))
    assert window.running_mean(4000) == pytest.approx((3000 * 2.3 + 1000 * 0.3) / 4000)


def test_trembling_is_the_deviation_of_noise_and_ignores_a_fall() -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, 20_000).astype(np.float32)
    assert trembling(noise) == pytest.approx(0.3, rel=0.03)
    falling = np.linspace(400, 0, 20_000, dtype=np.float32)
    assert trembling(falling + noise) == pytest.approx(0.3, rel=0.03)
    assert trembling(np.array([1.0, 0.5], np.float32)) is None


def test_the_smooth_fall_of_batch_descent_hardly_trembles() -> None:
    smooth = 2.3 * np.exp(-np.arange(100) / 80).astype(np.float32)
    fall = float(smooth[0] - smooth[1])
    assert trembling(smooth) == pytest.approx(0, abs=fall / 100)


def test_stamps_say_where_each_update_ended() -> None:
    start = Moment(updates=10, examples=100, seconds=1.0)
    updates, examples, seconds = stamps(start, np.array([4, 4]), 0.5)
    assert updates.tolist() == [11, 12]
    assert examples.tolist() == [104, 108]
    assert seconds.tolist() == [1.25, 1.5]


def test_what_comes_after_a_copy_is_not_in_it() -> None:
    curve = BucketedCurve(width=1.0)
    curve.extend(np.arange(3.0), np.ones(3))
    copied = curve.copy()
    curve.extend(np.arange(3.0, 6.0), np.ones(3))
    assert len(copied.curve().x) == 3
    copied.extend(np.arange(3.0, 4.0), np.ones(1))
    assert len(curve.curve().x) == 6
