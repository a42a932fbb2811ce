"""Every panel has its place at every size, and no two share one."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from tui.layout import LEAST, PANELS, TAB_STRIP, TABS, arrange, has_three_columns

sizes = st.builds(Size, st.integers(LEAST.width, 400), st.integers(LEAST.height - 2, 200))


@given(sizes, st.sampled_from(TABS))
def test_the_places_fill_the_area_without_overlap(size: Size, tab: str) -> None:
    regions = arrange(size, tab)
    assert sum(region.area for region in regions.values()) == size.area
    assert all(region in size.region for region in regions.values())
    assert not any(a.overlaps(b) for a, b in combinations(regions.values(), 2))


@given(sizes, st.sampled_from(TABS))
def test_every_panel_has_room_for_more_than_its_frame(size: Size, tab: str) -> None:
    for name, region in arrange(size, tab).items():
        assert region.height >= (2 if name == TAB_STRIP else 4)
        assert region.width >= 24


@given(sizes, st.sampled_from(TABS))
def test_what_is_in_view_depends_on_the_size_alone(size: Size, tab: str) -> None:
    shown = set(arrange(size, tab))
    if has_three_columns(size):
        assert shown == set(PANELS)
    else:
        assert shown == (set(PANELS) - set(TABS)) | {TAB_STRIP, tab}


@given(sizes, st.sampled_from(PANELS))
def test_a_maximised_panel_has_it_all(size: Size, panel: str) -> None:
    assert arrange(size, TABS[0], panel) == {panel: size.region}
