"""The predictions panel shows as many real examples as fit, live, and lets one be chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import ShowDigits
from core.data.catalog import DATA_SETS
from core.snapshot import Digits, Loading, RunView, Snapshot
from tests.tui import views
from tests.tui.piloted import piloted
from tests.tui.stage import Stage
from tui.display import Display
from tui.widgets.picture_grid import caption
from tui.widgets.picture_size import fitted
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.tiles import tile

SIZE = (60, 30)


def run(digits: Digits | None) -> RunView:
    return views.run_view(digits=digits)


@given(st.integers(0, 220), st.integers(0, 80))
def test_tiles_fit_into_their_room(width: int, height: int) -> None:
    tiling = tile(width, height)
    if tiling.count:
        assert tiling.left + tiling.columns * (tiling.width + 1) - 1 <= width
        assert tiling.rows * tiling.height <= height
    else:
        assert width < 8 or height < 5


OWN = st.tuples(st.integers(1, 300), st.integers(1, 300))


@given(st.integers(0, 220), st.integers(0, 80), OWN)
def test_a_drawn_picture_fits_into_its_room_in_whole_rows(
    width: int, height: int, own: tuple[int, int]
) -> None:
    high, wide = fitted(own, height, width)
    assert high <= height
    assert wide <= width
    assert high % 2 == 0
    if height >= 2 and width:
        assert high
        assert wide


@given(st.integers(2, 40), st.integers(1, 8), st.integers(1, 8))
def test_a_picture_larger_than_life_is_so_a_whole_number_of_times(
    half: int, across: int, up: int
) -> None:
    own = 2 * half, half
    assert fitted(own, 2 * half * up, half * across) == tuple(n * min(across, up) for n in own)


@given(OWN)
def test_a_picture_keeps_its_shape_as_far_as_rows_allow(own: tuple[int, int]) -> None:
    high, wide = fitted(own, 600, 600)
    assert abs(high / wide - own[0] / own[1]) <= 2 * max(1, own[0] / own[1]) / min(high, wide)


@pytest.mark.parametrize(
    ("own", "picture", "width"),
    [
        ((28, 28), (10, 10), 10),
        ((32, 32), (10, 10), 10),
        ((8, 8), (8, 8), 8),
        ((24, 48), (6, 12), 12),
        ((31, 9), (10, 3), 8),  # as wide as its caption
    ],
)
def test_tiles_have_the_shape_of_the_pictures(
    own: tuple[int, int], picture: tuple[int, int], width: int
) -> None:
    tiling = tile(34, 12, own)
    assert (tiling.picture, tiling.width) == (picture, width)


def test_large_pictures_have_larger_tiles_where_there_is_room() -> None:
    assert tile(200, 130, (96, 96)).picture == (48, 48)
    assert tile(200, 130, (28, 28)).picture == (28, 28)


async def test_pictures_of_another_shape_are_shown_whole() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    data = replace(DATA_SETS["mnist"], shape=(3, 24, 48), classes=("yes", "no"))
    images = np.random.default_rng(0).integers(0, 256, (12, 24, 48, 3), np.uint8)
    told = replace(
        views.digits(12),
        images=images,
        labels=(0, 1) * 6,
        classes=data.classes,
        probabilities=np.full((12, 2), 0.5, np.float32),
    )
    async with app.run_test(size=SIZE) as pilot:
        panel.show(views.run_view(data=data, digits=told))
        await pilot.pause()
        high, wide = panel.grid.tiling.picture
        assert wide == 2 * high
        assert app.asked[-1] == ShowDigits(panel.grid.tiling.count)
        assert "✓ yes" in app.text


@given(st.integers(8, 220), st.integers(5, 80))
def test_every_tile_can_be_pointed_at(width: int, height: int) -> None:
    tiling = tile(width, height)
    found = {tiling.at(x, y) for x in range(width) for y in range(height)} - {None}
    assert found == set(range(tiling.count))


def test_a_caption_begins_with_the_verdict() -> None:
    digits = views.digits(2, wrong=frozenset({1}))
    assert caption(digits, 0, 10, ascii=False)[0] == "✓ 7    90%"
    assert caption(digits, 1, 10, ascii=False)[0] == "✗ 3    90%"
    assert caption(digits, 1, 10, ascii=True)[0] == "x 3    90%"


@given(st.integers(8, 28), st.floats(0, 1))
def test_a_caption_is_as_wide_as_its_picture(width: int, confidence: float) -> None:
    named = replace(views.digits(3, confidence), classes=DATA_SETS["fashion-mnist"].classes)
    assert len(caption(named, 1, width, ascii=False)[0]) == width


async def test_it_asks_for_as_many_examples_as_there_is_room_for() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.asked[-1] == ShowDigits(panel.grid.tiling.count)
        before = panel.grid.tiling.count
        await pilot.resize_terminal(30, 15)
        await pilot.pause()
        assert app.asked[-1] == ShowDigits(panel.grid.tiling.count)
        assert panel.grid.tiling.count < before


@pytest.mark.parametrize(("size", "least"), [((80, 24), 1), ((120, 40), 6)])
async def test_examples_are_asked_for_when_the_run_appears_whatever_is_in_view(
    size: tuple[int, int], least: int
) -> None:
    async with piloted(shown=Snapshot(1, Loading()), size=size) as on:
        on.engine.sent.clear()
        await on.show(run(None), loading=None)
        await on.pilot.pause()
        asked = [each.count for each in on.engine.sent if isinstance(each, ShowDigits)]
        assert asked[-1] >= least
        assert len(asked) <= 2


async def test_another_sample_and_only_wrong_ones_can_be_asked_for() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(run(views.digits()))
        panel.action_fresh()
        panel.action_toggle_wrong()
        panel.action_fresh()
        panel.action_toggle_wrong()
        await pilot.pause()
        asked = [(command.only_wrong, command.fresh) for command in app.asked[-4:]]
        assert asked == [(False, True), (True, False), (True, True), (False, False)]


async def test_it_counts_those_that_are_right() -> None:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=SIZE):
        panel.show(run(views.digits(8, wrong=frozenset({1, 2, 5}))))
        assert panel.border_subtitle == "5 of 8 right"


async def test_only_wrong_ones_are_announced_and_their_absence_is_good_news() -> None:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=SIZE):
        panel.action_toggle_wrong()
        panel.show(run(views.digits(0)))
        assert str(panel.border_title).startswith("Only wrong predictions")
        assert panel.border_subtitle == "no wrong ones left"


async def test_arrows_choose_and_go_round_the_edges() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(run(views.digits(100)))
        panel.focus()
        columns, count = panel.grid.tiling.columns, panel.grid.tiling.count
        await pilot.press("right", "down")
        assert panel.selected == columns + 1
        await pilot.press("up", "left", "left")
        assert panel.selected == count - 1
        await pilot.press("right", "up")
        assert panel.selected == count - columns
        assert app.selected[-1] == panel.selected


@pytest.mark.parametrize("shown", [0, 1, 5, 7])
async def test_arrows_never_leave_the_examples_that_are_there(shown: int) -> None:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=SIZE):
        panel.show(run(views.digits(shown)))
        for across, down in [(1, 0), (0, 1), (0, 1), (-1, 0), (0, -1), (-1, 0)] * 3:
            panel.action_select(across, down)
            assert 0 <= panel.selected < max(shown, 1)


async def test_a_click_chooses() -> None:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=SIZE) as pilot:
        panel.show(run(views.digits(100)))
        tiling = panel.grid.tiling
        await pilot.click(panel.grid, offset=(tiling.left + tiling.width + 3, tiling.height + 2))
        assert panel.selected == tiling.columns + 1


async def test_the_chosen_one_is_marked_also_without_colour() -> None:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=SIZE) as pilot:
        panel.show(run(views.digits(100)))
        panel.selected = 1
        await pilot.pause()
        line = panel.grid.render_line(panel.grid.tiling.height - 1)
        captions = [seg for seg in line if seg.text.strip()]
        assert [bool(seg.style.reverse) for seg in captions[:3]] == [False, True, False]


async def test_captions_live_while_pictures_are_drawn_once() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        digits = views.digits(4)
        panel.show(run(digits))
        await pilot.pause()
        before = panel.grid.render_line(0)
        assert "✓ 7" in app.text
        doubt = views.digits(4, wrong=frozenset({0})).probabilities
        panel.show(run(replace(digits, probabilities=doubt)))
        await pilot.pause()
        assert "✗ 8" in app.text
        assert list(panel.grid.render_line(0)) == list(before)


async def test_probabilities_that_are_no_numbers_are_a_question_mark() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        digits = views.digits(4)
        lost = np.full_like(digits.probabilities, np.nan)
        panel.show(run(replace(digits, probabilities=lost)))
        await pilot.pause()
        assert "✗ ?" in app.text
        assert "nan" not in app.text


async def test_ascii_is_seven_bits() -> None:
    panel = PredictionsPanel(Display(ascii=True))
    app = Stage(panel, ascii=True)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(run(views.digits(20, wrong=frozenset({0}))))
        await pilot.pause()
        assert app.text.isascii()
        assert "x 8" in app.text


@pytest.mark.parametrize("size", [(1, 1), (3, 9), (12, 3), (40, 9), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=size) as pilot:
        for count in (0, 1, 50):
            panel.show(run(views.digits(count)))
            await pilot.pause()
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        assert "✓ 7" in app.text
