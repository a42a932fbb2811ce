"""Axes hold still, and their ticks can be read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets import axis

positive = st.floats(1e-12, 1e300)


@given(positive)
def test_a_limit_leaves_no_value_outside_and_little_room_unused(value: float) -> None:
    limit = axis.round_up(value)
    assert value <= limit <= 1.5 * value * (1 + 1e-9)


@given(st.lists(st.floats(1, 1e6), min_size=1))
def test_a_limit_is_left_only_for_a_value_that_needs_another(values: list[float]) -> None:
    held = 0.0
    for value in values:
        before, held = held, axis.settle(held, value)
        assert held >= value
        assert held == before or not before / 2 <= value <= before


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0])
def test_nothing_to_show_leaves_the_limit_as_it_was(value: float) -> None:
    assert axis.settle(3.0, value) == 3.0
    assert axis.settle(0.0, value) == 1.0


@given(positive, st.integers(1, 12))
def test_ticks_lie_on_the_axis_and_are_not_too_many(high: float, most: int) -> None:
    made = axis.linear(0.0, axis.round_up(high), most)
    assert 1 <= len(made.ticks) <= max(most, 1)
    assert len(made.labels) == len(made.ticks)
    assert all(0 <= made.place(tick) <= 1 + 1e-9 for tick in made.ticks)


@given(positive, positive, st.integers(2, 12))
def test_logarithmic_ticks_lie_on_the_axis(one: float, other: float, most: int) -> None:
    lowest, highest = sorted((one, other))
    made = axis.logarithmic(lowest, highest, most)
    assert 1 <= len(made.ticks) <= most
    assert all(-1e-9 <= made.place(tick) <= 1 + 1e-9 for tick in made.ticks)
    assert -1e-6 <= made.place(lowest) <= made.place(highest) <= 1 + 1e-6


@given(positive, st.integers(2, 12))
def test_two_ticks_at_least_give_the_scale(high: float, most: int) -> None:
    assert len(axis.linear(0.0, axis.round_up(high), most).ticks) >= 2


def test_labels_are_short() -> None:
    assert axis.linear(0, 1_250_000, 4).labels == ("0", "500k", "1M")
    assert axis.linear(0, 10, 3, " s").labels == ("0 s", "5 s", "10 s")


def test_a_short_logarithmic_axis_has_ticks_between_the_powers() -> None:
    assert axis.logarithmic(0.12, 2.3, 8).labels == ("0.1", "0.2", "0.5", "1", "2", "5")


def test_zero_has_no_place_on_a_logarithmic_axis() -> None:
    assert math.isnan(axis.logarithmic(0.1, 1, 5).place(0.0))


@pytest.mark.parametrize(("lowest", "first"), [(0.1, "0 %"), (0.62, "50 %"), (0.91, "90 %")])
def test_an_axis_of_shares_begins_as_high_as_it_can(lowest: float, first: str) -> None:
    made = axis.shares(lowest, 6)
    assert made.labels[0] == first
    assert made.place(1.0) == 1.0
