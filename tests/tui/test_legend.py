"""The names of the runs fit into the room there is, and still tell the runs apart."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from tests.tui import views
from tui.display import Display
from tui.widgets.legend import in_rows, legend

RATES = [f"mini-batch 16, lr {rate}" for rate in (0.001, 0.01, 0.05, 0.2)]
names = st.lists(st.text("abc ", min_size=1, max_size=20), min_size=1, max_size=8)


@given(names, st.integers(0, 120), st.integers(1, 3), st.booleans())
def test_the_names_never_take_more_room_than_there_is(
    names: list[str], width: int, most: int, ascii: bool
) -> None:
    rows = in_rows(names, width, most, ascii=ascii)
    assert len(rows) <= most
    for row in rows:
        taken = sum(2 + len(name) for name in row) + 2 * (len(row) - 1)
        assert taken <= max(width, 2)


@given(names)
def test_with_room_for_all_no_name_is_cut(names: list[str]) -> None:
    assert in_rows(names, 200, 1, ascii=False) == [names]


def test_short_names_stay_whole_as_long_as_longer_ones_can_give_way() -> None:
    rows = in_rows(["batch", "a very long name indeed", "run 3"], 30, 1, ascii=False)
    assert rows == [["batch", "a very lo…", "run 3"]]


def test_where_they_are_too_long_they_go_without_what_they_share() -> None:
    rows = in_rows(RATES, 60, 1, ascii=False)
    assert rows == [["…0.001", "…0.01", "…0.05", "…0.2"]]
    assert [*chain(*in_rows(RATES, 60, 2, ascii=True))] == RATES


def test_the_selected_run_stands_out_and_the_hidden_are_left_out() -> None:
    runs = [views.run_view(name=name, id=i) for i, name in enumerate(("one", "two", "three"))]
    company = views.company(*runs, selected=2, hidden=frozenset({0}))
    (line,) = legend(company, 60, 1, display=Display(ascii=True), dark=True)
    signs = [company.looks[i].ascii_sign for i in (1, 2)]
    assert line.plain == f"{signs[0]} two  {signs[1]} three"
    bold = [line.plain[span.start : span.end] for span in line.spans if span.style == "bold"]
    assert bold == [" three"]
