"""What a table of runs holds: which columns fit, how rows are sorted, and how the race stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.racing.race import Budget
from core.snapshot import Clock, State
from tests.tui import lanes, views
from tui.run_columns import columns, outlook
from tui.score import ACCURACY
from tui.table import Column, Entry, entries, fitting, in_order, leaders

COLUMNS = columns(ACCURACY, racing=True)
BY_HEADING = {column.heading: column for column in COLUMNS}


def of_trembling(*values: float | None) -> tuple[Entry, ...]:
    """Runs of these spreads of the loss, their ids their places."""
    run = views.run_view()
    return tuple(Entry(replace(run, id=i, trembling=value)) for i, value in enumerate(values))


spreads = st.lists(st.none() | st.floats(0, 9) | st.just(float("nan")), max_size=8)


@given(spreads, st.booleans())
def test_rows_are_sorted_by_numbers_and_those_without_one_come_last(
    values: list[float | None], falling: bool
) -> None:
    column = BY_HEADING["trembling"]
    ordered = in_order(of_trembling(*values), column, falling=falling)
    assert sorted(row.run.id for row in ordered) == [*range(len(values))]
    shown = [row.run.trembling for row in ordered]
    known = [value for value in shown if value is not None and value == value]
    assert shown[: len(known)] == sorted(known, reverse=falling)


@pytest.mark.parametrize("falling", [False, True])
def test_rows_that_are_level_stay_in_the_order_of_the_runs(falling: bool) -> None:
    ordered = in_order(of_trembling(1, None, 1, None), BY_HEADING["trembling"], falling=falling)
    assert [row.run.id for row in ordered] == [0, 2, 1, 3]


@given(st.integers(0, 220), st.none() | st.sampled_from(COLUMNS))
def test_whole_columns_are_shown_and_the_wanted_one_among_them(
    room: int, wanted: Column | None
) -> None:
    shown = fitting(COLUMNS, room, wanted)
    assert sum(column.width for column in shown) <= room
    if shown:
        first = COLUMNS.index(shown[0])
        assert shown == COLUMNS[first : first + len(shown)]
    if wanted is None or wanted.width <= room:
        assert wanted is None or wanted in shown
        following = COLUMNS[len(shown) :][:1] if shown[:1] == COLUMNS[:1] else ()
        assert all(sum(c.width for c in (*shown, more)) > room for more in following)


numbers = st.none() | st.floats(0, 1e10) | st.sampled_from([0.0, 1e-9, 9_999_999.0, 1e7])


@given(st.sampled_from(COLUMNS), numbers)
def test_a_figure_takes_its_columns_and_no_more(column: Column, value: float | None) -> None:
    same = replace(column, value=lambda _entry: value)
    cell = same.cell(Entry(views.run_view()))
    assert len(cell) == column.width
    assert cell.startswith(" ")


@given(st.sampled_from(["updates", "examples"]), st.integers(0, 9_000_000_000))
def test_a_count_is_written_in_full_or_in_millions(heading: str, value: int) -> None:
    column = replace(BY_HEADING[heading], value=lambda _entry: value)
    text = column.cell(Entry(views.run_view())).strip().replace(",", "")
    if value < 10_000_000:
        assert int(text) == value
    else:
        assert text.endswith("M")
        assert float(text[:-1]) == pytest.approx(value / 1e6, abs=0.0051)


@pytest.mark.parametrize(
    ("heading", "best"),
    [("accuracy", 1), ("test loss", 1), ("s to 80 %", 1), ("an update", 1), ("updates", None)],
)
def test_the_best_of_a_column_is_known_where_one_is_better(heading: str, best: int | None) -> None:
    rows = entries(views.company(*lanes.lanes()))
    assert leaders(BY_HEADING[heading], rows) == (frozenset() if best is None else {best})


def test_nobody_is_best_alone_or_level() -> None:
    rows = entries(views.company(*lanes.lanes()))
    accuracy = BY_HEADING["accuracy"]
    assert not leaders(accuracy, rows[:1])
    assert not leaders(accuracy, [rows[0], rows[0]])


# How the race stands


def test_the_border_says_what_is_spent_and_who_is_ahead() -> None:
    runs = lanes.lanes(4.3)
    company = views.company(*runs, race=lanes.race(runs))
    assert outlook(company, ascii=False) == (
        "race of 10 training seconds: 43 % spent, best accuracy ● stochastic",
        "43 % spent, best accuracy ● stochastic",
    )
    over = views.company(*runs, race=lanes.race(runs, over=True))
    assert (
        outlook(over, ascii=True)[0]
        == "race of 10 training seconds over, best accuracy S stochastic"
    )


def test_who_is_ahead_is_judged_where_all_have_been_tested_and_not_held_up_by_the_fallen() -> None:
    slow = lanes.lane(0, "batch", tests=((0, 0.1, 2.3), (1, 0.5, 2), (2, 0.6, 1)))
    late = lanes.lane(1, "stochastic", tests=((0, 0.1, 2.3), (2, 0.3, 2), (9, 0.9, 1)))
    fell = lanes.lane(2, "mini-batch", tests=((0, 0.1, 2.3), (0.1, 0.8, 1)), state=State.DIVERGED)
    runs = (slow, late, fell)
    assert (
        "best accuracy ■ batch"
        in outlook(views.company(*runs, race=lanes.race(runs)), ascii=False)[0]
    )


def test_twins_are_not_ahead_of_each_other() -> None:
    one = lanes.lane(0, "stochastic")
    runs = (one, replace(one, id=1, name="twin"))
    assert "best" not in outlook(views.company(*runs, race=lanes.race(runs)), ascii=False)[0]


def test_without_a_race_the_runs_are_counted() -> None:
    company = views.company(*lanes.lanes(), selected=0, hidden=frozenset({0, 2}))
    assert outlook(company, ascii=False) == ("3 runs, 1 hidden",)


def test_a_budget_of_updates_is_said_in_its_unit() -> None:
    runs = lanes.lanes(4.3)
    race = lanes.race(runs, Budget(Clock.UPDATES, 1_000_000))
    assert outlook(views.company(*runs, race=race), ascii=False)[0].startswith(
        "race of 1,000,000 updates: 57 % spent"
    )
