"""Every panel has its place at every size, and no two stand in the same."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region, Size

from tui.layout import LEAST, OF_SEVERAL, PANELS, TAB_STRIP, TALL, arrange, has_three_columns, plan

sizes = st.builds(Size, st.integers(LEAST.width, 400), st.integers(LEAST.height - 2, 200))
runs = st.integers(1, 8)


def all_regions(size: Size, runs: int) -> list[Region]:
    places = plan(size, runs)
    return [place.region for place in places] + [place.strip for place in places if place.strip]


@given(sizes, runs)
def test_the_places_fill_the_area_without_overlap(size: Size, runs: int) -> None:
    regions = all_regions(size, runs)
    assert sum(region.area for region in regions) == size.area
    assert all(region in size.region for region in regions)
    assert not any(a.overlaps(b) for a, b in combinations(regions, 2))


@given(sizes, runs)
def test_every_panel_has_room_for_more_than_its_frame(size: Size, runs: int) -> None:
    for place in plan(size, runs):
        assert place.region.height >= 4
        assert place.region.width >= 24
        assert place.strip is None or place.strip.height in (2, 3)


@given(sizes, runs)
def test_every_panel_has_one_place(size: Size, runs: int) -> None:
    placed = [name for place in plan(size, runs) for name in place.panels]
    assert len(placed) == len(set(placed))
    missing = set(PANELS) - set(placed)
    assert missing == (set(OF_SEVERAL) if runs == 1 else set())


@given(sizes)
def test_with_room_for_three_columns_little_of_a_single_run_is_hidden(size: Size) -> None:
    shared = [place.panels for place in plan(size) if len(place.panels) > 1]
    if has_three_columns(size):
        low = [] if size.height >= TALL else [("events", "timeline")]
        measuring = ("explanation", "trembling", "layers", "weights", "confusion", "machine")
        assert shared == [measuring, *low]


@given(sizes, runs, st.data())
def test_whoever_is_in_front_has_the_place(size: Size, runs: int, data: st.DataObject) -> None:
    places = plan(size, runs)
    fronts = {place.panels: data.draw(st.sampled_from(place.panels)) for place in places}
    regions = arrange(places, fronts)
    assert set(regions) - {TAB_STRIP} == set(fronts.values())
    assert all(regions[fronts[place.panels]] == place.region for place in places)
