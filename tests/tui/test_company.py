"""Several runs together: each can be told from the others, and stays what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.racing.race import MOST_RUNS
from core.snapshot import RunView
from core.strategies import STRATEGIES
from tests.tui.lanes import lane, lanes
from tests.tui.views import company
from tui.company import LOOKS, Wardrobe
from tui.display import Look
from tui.strategies import SHOWN

OF_STRATEGIES = [shown.look for shown in SHOWN.values()]

strategies = st.sampled_from(list(STRATEGIES))
ids = st.integers(0, 30)
# What the engine may show, one after the other: runs come, go and come back in any order.
meetings = st.lists(st.lists(ids, min_size=1, max_size=MOST_RUNS, unique=True), max_size=12)
trained_by = st.lists(strategies, min_size=31, max_size=31)


def runs(ids: list[int], by: list[str]) -> list[RunView]:
    return [replace(BARE[by[i]], id=i) for i in ids]


BARE = {name: lane(0, name) for name in STRATEGIES}


@pytest.mark.parametrize("aspect", ["colour", "sign", "ascii_sign"])
def test_there_are_as_many_looks_as_runs_and_no_two_alike(aspect: str) -> None:
    assert len({getattr(look, aspect) for look in LOOKS}) == len(LOOKS) == MOST_RUNS


@given(meetings, trained_by)
def test_never_are_two_runs_alike(meetings: list[list[int]], by: list[str]) -> None:
    wardrobe = Wardrobe()
    for present in meetings:
        looks = wardrobe.dress(runs(present, by))
        assert looks.keys() == set(present)
        assert len(set(looks.values())) == len(present)


@given(meetings, trained_by, st.data())
def test_a_run_looks_the_same_as_long_as_it_is_there(
    meetings: list[list[int]], by: list[str], data: st.DataObject
) -> None:
    wardrobe = Wardrobe()
    before: Mapping[int, Look] = {}
    for present in meetings:
        looks = wardrobe.dress(runs(present, by))
        assert all(looks[i] == before[i] for i in present if i in before)
        by = data.draw(st.permutations(by))  # also if it changes its strategy
        before = looks


def test_in_a_race_of_strategies_each_has_its_own_look() -> None:
    looks = Wardrobe().dress(lanes())
    for run in lanes():
        assert looks[run.id] == SHOWN[run.config.strategy].look


@given(st.integers(2, MOST_RUNS - 2), strategies)
def test_a_fork_does_not_look_like_a_strategy_that_it_does_not_train_by(
    count: int, strategy: str
) -> None:
    looks = Wardrobe().dress([replace(BARE[strategy], id=i) for i in range(count)])
    assert looks[0] == SHOWN[strategy].look
    assert not set(OF_STRATEGIES) & {looks[i] for i in range(1, count)}


def test_nor_do_the_runs_of_one_race_of_rates_after_another() -> None:
    wardrobe = Wardrobe()
    for first in range(0, 30, 3):
        looks = wardrobe.dress([replace(BARE["stochastic"], id=first + i) for i in range(3)])
        assert [look for look in looks.values() if look in OF_STRATEGIES] == [looks[first]]


def test_whoever_comes_back_looks_as_before_unless_another_has_taken_that() -> None:
    one, two, three, four = (replace(BARE["batch"], id=i) for i in range(4))
    wardrobe = Wardrobe()
    first = wardrobe.dress([one, two])
    wardrobe.dress([one])
    assert wardrobe.dress([one, three])[2] != first[1], "it is kept for the one that is away"
    assert wardrobe.dress([one, two]) == first
    wardrobe.dress([two])
    assert wardrobe.dress([two, four])[3] == first[0], "the strategy's own is not"
    assert wardrobe.dress([one, two, four])[0] not in first.values()


@given(st.sets(ids), st.sampled_from([0, 1, 2]))
def test_the_hidden_are_not_seen_but_for_the_selected_one(hidden: set[int], selected: int) -> None:
    several = company(*lanes(), selected=selected, hidden=frozenset(hidden))
    expected = {0, 1, 2} - (hidden - {selected})
    assert {run.id for run in several.visible} == expected
