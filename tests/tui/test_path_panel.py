"""The paths of the weights as they are drawn: true to scale, held still, and not too often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from core.snapshot import Paths, Plane, RunView, State
from tests.tui import views
from tests.tui.stage import Hands, Stage
from tui.company import Company
from tui.display import Display
from tui.widgets import plane
from tui.widgets.canvas import Canvas
from tui.widgets.path import PathPanel
from tui.widgets.plane import Inks, View

LARGE = (80, 30)
TURNS = np.linspace(0, 2 * np.pi, 200)


def curve(length: float, points: int = 100, wiggle: float = 0.1) -> np.ndarray:
    """A path that leads to the upper right, and trembles as it goes."""
    share = np.linspace(0, 1, points)
    shake = wiggle * np.sin(40 * share) * share
    return length * np.stack([share + shake, 0.5 * share - shake], axis=1)


def paths(*of: np.ndarray, revision: int = 1, principal: bool = True) -> Paths:
    """The paths of runs 0, 1, ...; on the random plane they are a thousand times as short."""
    main = Plane(dict(enumerate(of)), (0.62, 0.14))
    random = Plane({run: path / 1000 for run, path in main.paths.items()}, (2e-4, 1.3e-6))
    return Paths(revision, main if principal else None, random)


def runs(count: int, state: State = State.PAUSED) -> list[RunView]:
    return [views.run_view(state, id=i, name=f"run {i}") for i in range(count)]


def company(*of: np.ndarray, state: State = State.PAUSED, **changes: Any) -> Company:
    return views.company(*runs(len(of), state), paths=paths(*of), **changes)


def panel_of(now: Hands | None = None, *, ascii: bool = False) -> PathPanel:
    return PathPanel(Display(ascii=ascii), now=now or Hands())


async def shown(pilot: Pilot[None], panel: PathPanel, company: Company) -> str:
    """The picture, once it has its room."""
    panel.show_company(company)
    await pilot.pause()
    await pilot.pause()
    return panel.picture.text


def dots_of(path: np.ndarray, canvas: Canvas, near: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Where plane.draw puts the points of a single path, in dots."""
    view = View()
    looks = views.company(*runs(1)).looks
    plane.draw({0: path}, looks, canvas, view, Inks(True, "grey", "white"), near)
    return view.dots(path, canvas)


async def test_before_there_are_paths_it_says_what_will_stand_there() -> None:
    panel = panel_of()
    app = Stage(panel)
    async with app.run_test(size=(60, 12)) as pilot:
        text = await shown(pilot, panel, views.company(*runs(1)))
        assert "Fork the run (f) or race the strategies (c)" in text
        await shown(pilot, panel, company(curve(3.0)))
        assert "Fork" not in app.text
        assert "+" in panel.picture.text


async def test_the_axes_say_how_much_of_the_motion_they_hold() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        await shown(pilot, panel, company(curve(3.0)))
        assert panel.rightward.text.strip() == "1st principal direction: 62 % of the motion →"
        assert panel.upward.text == "↑ 2nd principal direction: 14 % of the motion"
        await pilot.resize_terminal(30, 10)
        await pilot.pause()
        assert panel.rightward.text.strip() == "1st: 62 % →"


async def test_d_changes_between_the_principal_and_the_random_plane() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        before = await shown(pilot, panel, company(curve(3.0)))
        await pilot.press("d")
        await pilot.pause()
        assert "a random direction: 0.020 % of the motion" in panel.rightward.text
        assert "another random direction: 0.00013 % of the motion" in panel.upward.text
        await pilot.press("d")
        await pilot.pause()
        assert panel.picture.text == before


async def test_without_a_principal_plane_it_says_why_and_shows_the_random_one() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        large = paths(curve(3.0), principal=False)
        await shown(pilot, panel, views.company(*runs(1), paths=large))
        assert "random direction" in panel.upward.text
        assert "the network is too large for principal directions" in str(panel.border_subtitle)
        assert "▲" in panel.picture.text or "●" in panel.picture.text


async def test_each_head_has_its_sign_and_the_start_is_marked() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        shown_to = company(curve(3.0), -curve(2.0), curve(2.0) * [1, -1])
        text = await shown(pilot, panel, shown_to)
        for look in shown_to.looks.values():
            assert text.count(look.sign) == 1
        assert text.count("+") == 1
        assert "start +" in await shown(pilot, panel, company(curve(3.0), curve(2.0) * [1, -1]))


async def test_hidden_runs_are_left_out() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        hidden = company(curve(3.0), -curve(2.0), hidden=frozenset({1}))
        text = await shown(pilot, panel, hidden)
        assert hidden.looks[0].sign in text
        assert hidden.looks[1].sign not in text
        assert "run 1" not in panel.names.text
        alone = await shown(pilot, panel, company(curve(3.0)))
        assert text == alone


async def test_nothing_new_is_not_drawn_again() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        same = paths(curve(3.0))
        for _ in range(3):
            await shown(pilot, panel, views.company(*runs(1), paths=same))
        drawn = panel.picture.drawings
        await shown(pilot, panel, views.company(*runs(1), paths=same))
        assert panel.picture.drawings == drawn
        await shown(pilot, panel, company(curve(3.1)))
        assert panel.picture.drawings == drawn + 1


async def test_while_training_it_is_drawn_not_twice_a_second() -> None:
    hands = Hands()
    panel = panel_of(hands)
    async with Stage(panel).run_test(size=LARGE) as pilot:
        await shown(pilot, panel, company(curve(3.0), state=State.RUNNING))
        drawn = panel.picture.drawings
        for step in range(16):
            hands.time += 1 / 16
            await shown(pilot, panel, company(curve(3.0 + step / 16), state=State.RUNNING))
        assert panel.picture.drawings == drawn + 1
        panel.toggle_plane()
        assert panel.picture.drawings == drawn + 2


async def test_far_apart_paths_are_shown_by_the_logarithm_of_their_distance() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        near_and_far = company(curve(0.05), -curve(40.0))
        text = await shown(pilot, panel, near_and_far)
        assert "distance from the start, log" in str(panel.border_subtitle)
        assert {"0.1", "10"} <= set(text.split())
        await pilot.press("y")
        await pilot.pause()
        assert "distance from the start, linear" in str(panel.border_subtitle)
        await shown(pilot, panel, company(curve(2.0), -curve(1.0)))
        assert "linear" in str(panel.border_subtitle)


async def test_paths_of_like_length_are_to_scale() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        await shown(pilot, panel, company(curve(2.0), -curve(1.0)))
        assert "distance from the start, linear" in str(panel.border_subtitle)


@pytest.mark.parametrize("size", [(26, 6), (56, 16), (96, 36)])
@pytest.mark.parametrize("ascii", [False, True])
def test_a_circle_is_round(size: tuple[int, int], ascii: bool) -> None:
    canvas = Canvas(*size, ascii=ascii)
    x, y = dots_of(np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1), canvas)
    assert np.ptp(x) * (1 / 2 if ascii else 1) == pytest.approx(np.ptp(y), rel=1e-3)
    assert np.ptp(y) >= 0.75 * (canvas.size[1] - 3)  # and it fills the room


@given(
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1, max_size=20),
    st.tuples(st.integers(4, 60), st.integers(2, 30)),
    st.booleans(),
)
@example([(0.0, 0.0), (0.0, -1.0)], (4, 2), True)  # a canvas with no room for its edges
def test_every_point_has_its_place_on_the_canvas(
    points: list[tuple[float, float]], size: tuple[int, int], ascii: bool
) -> None:
    canvas = Canvas(*size, ascii=ascii)
    x, y = dots_of(np.array(points), canvas)
    for at, most in zip((x, y), canvas.size, strict=True):
        assert np.all(np.rint(at) >= 0)
        assert np.all(np.rint(at) <= most - 1)


@settings(deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(0, 6))
def test_logarithmic_distances_keep_directions_and_order(length: float, turn: float) -> None:
    direction = np.array([np.cos(turn), np.sin(turn)])
    path = np.linspace(0, length, 20)[:, None] * direction
    near = plane.near([length / 1000, length])
    bent = plane.bend(path, near)
    assert bent[-1] / np.hypot(*bent[-1]) == pytest.approx(direction)
    assert np.all(np.diff(np.hypot(*bent.T)) > 0)
    # Far out, ten times the distance is one ring further.
    far = np.hypot(*plane.bend(near * np.array([[1e6, 0.0], [1e7, 0.0]]), near).T)
    assert np.diff(far) == pytest.approx(np.log(10), rel=1e-4)


def test_the_view_holds_still_while_paths_grow_into_it() -> None:
    canvas, view = Canvas(60, 20), View()
    corner = np.zeros((1, 2))
    places = set()
    for length in np.linspace(1.0, 4.0, 200):
        view.settle(curve(length), canvas, of=0)
        places.add(view.dots(corner, canvas)[0][0])
    assert len(places) <= 7  # of 200 drawings


def test_a_view_that_has_become_far_too_large_is_left() -> None:
    canvas, view = Canvas(60, 20), View()
    view.settle(curve(1000.0), canvas, of=0)
    view.settle(curve(1.0), canvas, of=0)
    x, _ = view.dots(curve(1.0), canvas)
    assert np.ptp(x) > canvas.size[0] / 3


async def test_ascii_is_seven_bits() -> None:
    panel = panel_of(ascii=True)
    app = Stage(panel, ascii=True)
    async with app.run_test(size=LARGE) as pilot:
        shown_to = company(curve(3.0), -curve(40.0))
        text = await shown(pilot, panel, shown_to)
        assert app.text.isascii()
        assert all(text.count(look.ascii_sign) > 5 for look in shown_to.looks.values())


async def test_without_colours_signs_along_the_lines_tell_them_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        shown_to = company(curve(3.0), -curve(3.0))
        text = await shown(pilot, panel, shown_to)
        assert all(text.count(look.sign) >= 3 for look in shown_to.looks.values())


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (12, 4), (30, 10), (100, 40), (200, 60)])
@pytest.mark.parametrize("length", [0.0, 1e-30, 3.0, 1e30])
async def test_any_size_and_any_length_will_do(size: tuple[int, int], length: float) -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=size) as pilot:
        await shown(pilot, panel, company(curve(length), curve(1.0), np.zeros((0, 2))))
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert panel.picture.drawings > 0


async def test_what_is_not_finite_is_left_out() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        broken = np.concatenate([curve(3.0), [[np.nan, 1.0], [np.inf, 0.0], [1e300, 1e300]]])
        one = await shown(pilot, panel, company(broken))
        other = await shown(pilot, panel, company(curve(3.0)))
        assert one == other


async def test_another_theme_is_drawn_in_its_own_colours() -> None:
    panel = panel_of()
    app = Stage(panel)
    async with app.run_test(size=LARGE) as pilot:
        await shown(pilot, panel, company(curve(3.0)))
        dark = [list(panel.picture.render_line(y)) for y in range(panel.picture.size.height)]
        app.theme = "light"
        await pilot.pause()
        light = [list(panel.picture.render_line(y)) for y in range(panel.picture.size.height)]
        assert light != dark


async def test_of_a_past_in_common_the_elder_run_is_seen() -> None:
    past, way_on = curve(2.0), curve(1.0) * [1, -1] + [2.2, 1.0]
    elder, fork = past, np.concatenate([past, way_on])
    both = company(elder, fork, np.zeros((1, 2)), selected=2)
    canvas = Canvas(60, 20)
    assert both.paths is not None
    assert both.paths.principal is not None
    seen = plane.in_sight(both.paths.principal, both)
    assert list(seen) == [1, 0, 2]
    plane.draw(seen, both.looks, canvas, View(), Inks(True, "grey", "white"))
    styles = {span.style for line in canvas.lines() for span in line.spans}
    assert {both.looks[0].colour.on_dark, both.looks[1].colour.on_dark} <= styles


async def test_a_race_that_is_run_again_is_seen_though_its_revisions_begin_again() -> None:
    panel = panel_of()
    async with Stage(panel).run_test(size=LARGE) as pilot:
        first = await shown(pilot, panel, company(curve(3.0)))
        again = replace(company(curve(3.0)), paths=paths(-curve(3.0)))
        assert await shown(pilot, panel, again) != first
