"""Names of marks are placed so that each can be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.marks import Label, Mark, name_marks

names = st.sampled_from(["batch", "stochastic", "mini-batch 64", "mini-batch 60,000"])
marks = st.lists(st.tuples(st.integers(0, 99), names), max_size=30).map(
    lambda pairs: [Mark(column, "*", name, "red") for column, name in sorted(pairs)]
)


def cells(label: Label) -> set[tuple[int, int]]:
    return {(label.lane, label.column + i) for i in range(len(label.text))}


@given(marks, st.integers(1, 8))
def test_no_name_writes_over_another_or_over_the_edge(marks: list[Mark], lanes: int) -> None:
    labels = name_marks(marks, 100, lanes)
    taken: set[tuple[int, int]] = set()
    for label in labels:
        assert not taken & cells(label)
        taken |= cells(label)
    assert all(0 <= column < 100 and 0 <= lane < lanes for lane, column in taken)


@given(marks.filter(len))
def test_the_latest_mark_has_its_name_whenever_there_is_room_for_it(marks: list[Mark]) -> None:
    assert marks[-1].name in name_marks(marks, 100, 1)[0].text


def test_a_name_stands_to_the_right_of_its_mark() -> None:
    assert name_marks([Mark(3, "*", "batch", "red")], 40, 1) == [Label(3, 0, "* batch", "red")]


def test_a_name_near_the_edge_stands_to_the_left() -> None:
    assert name_marks([Mark(38, "*", "batch", "red")], 40, 1) == [Label(32, 0, "batch *", "red")]


def test_close_marks_take_different_rows() -> None:
    close = [Mark(1, "*", "batch", "red"), Mark(3, "*", "stochastic", "red")]
    assert {label.lane for label in name_marks(close, 40, 2)} == {0, 1}


def test_where_no_name_fits_the_sign_stands_alone() -> None:
    close = [Mark(0, "B", "batch", "red"), Mark(4, "S", "stochastic", "red")]
    assert [label.text for label in name_marks(close, 20, 1)] == ["S stochastic", "B"]
