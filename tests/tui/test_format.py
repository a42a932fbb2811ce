"""Numbers are written for people: short, with units, always in the same manner."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import format as fmt

finite = st.floats(-1e300, 1e300)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01, "0.0100"),
        (0.2144, "0.214"),
        (2.305, "2.31"),
        (9.999, "10.0"),
        (999.6, "1,000"),
        (126_412, "126,000"),
        (-0.5, "-0.500"),
        (0.0001, "0.000100"),
        (0.0000321, "3.21e-5"),
        (1.5e12, "1.50e12"),
        (math.nan, "not a number"),
        (math.inf, "infinite"),
        (-math.inf, "-infinite"),
        (None, "-"),
    ],
)
def test_a_number_has_three_significant_figures(value: float | None, text: str) -> None:
    assert fmt.number(value) == text


@given(finite)
def test_a_number_reads_back_to_three_significant_figures(value: float) -> None:
    assert float(fmt.number(value).replace(",", "")) == pytest.approx(value, rel=6e-3)


@given(st.floats(1e-5, 1e11))
def test_a_number_is_never_wider_than_its_column(value: float) -> None:
    assert len(fmt.number(value)) <= len("100,000,000,000")


def test_a_count_is_exact_and_separated() -> None:
    assert fmt.count(60_012) == "60,012"
    assert fmt.count(None) == "-"


def test_one_thing_is_singular_and_all_else_is_plural() -> None:
    assert fmt.plural(1, "update") == "1 update"
    assert fmt.plural(0, "update") == "0 updates"
    assert fmt.plural(60_000, "example") == "60,000 examples"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (750, "750"),
        (20_000, "20k"),
        (1_200_000, "1.2M"),
        (-2_000, "-2k"),
        (3e9, "3G"),
        (1e30, "1e30"),
        (1e-6, "1e-6"),
        (math.nan, "not a number"),
    ],
)
def test_tick_labels_are_compact(value: float, text: str) -> None:
    assert fmt.compact(value) == text


def test_shares_are_written_in_percent() -> None:
    assert fmt.percent(0.9312) == "93.1 %"
    assert fmt.percent(1) == "100.0 %"
    assert fmt.percent(0.987, decimals=0) == "99 %"
    assert fmt.percent(None) == fmt.percent(math.nan) == "-"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (7.4e-6, "7.40 µs"),
        (999.9e-6, "1.00 ms"),
        (0.453, "453 ms"),
        (2.1, "2.10 s"),
        (99.95, "1 min 40 s"),
        (200, "3 min 20 s"),
        (3_605, "1 h 00 min"),
        (18_240, "5 h 04 min"),
        (math.inf, "-"),
        (None, "-"),
    ],
)
def test_a_duration_is_given_in_its_own_unit(seconds: float | None, text: str) -> None:
    assert fmt.duration(seconds) == text


def test_a_clock_counts_as_a_watch_does() -> None:
    assert fmt.clock(7.9) == "0:07"
    assert fmt.clock(750) == "12:30"
    assert fmt.clock(3_723) == "1:02:03"
    assert fmt.clock(None) == "-"


def test_a_rate_says_of_what() -> None:
    assert fmt.rate(126_412, "updates") == "126,000 updates/s"
    assert fmt.rate(2.208, "updates") == "2.21 updates/s"
