"""The loss panel follows the run, but paints only what changed, and never too often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.pilot import Pilot

from core.config import configure
from core.racing.standing import Measure, standing
from core.snapshot import Clock, RunView, State
from tests.tui import views
from tests.tui.stage import Hands, Stage
from tui.display import Display
from tui.strategies import SHOWN
from tui.widgets import ahead
from tui.widgets.loss import LossPanel
from tui.widgets.sparkline import ASCII_BARS, BARS, bars

STRATEGIES = ("batch", "stochastic", "mini-batch")


def later(run: RunView) -> RunView:
    """The run with a new revision of its history."""
    return replace(run, history=replace(run.history, revision=run.history.revision + 1))


async def shown(pilot: Pilot[None], panel: LossPanel, run: RunView) -> None:
    """Show it, and let the chart follow: everything else is painted before it."""
    panel.show(run)
    await pilot.pause()


async def test_nothing_new_is_not_drawn_again() -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=(80, 24)) as pilot:
        run = views.run_view(State.PAUSED)
        for _ in range(5):
            await shown(pilot, panel, run)
        assert panel.chart.drawings == 1


async def test_while_training_the_chart_is_drawn_not_twice_a_second() -> None:
    hands = Hands()
    panel = LossPanel(Display(), now=hands)
    async with Stage(panel).run_test(size=(80, 24)) as pilot:
        run = views.run_view()
        await shown(pilot, panel, run)
        for _ in range(16):
            hands.time += 1 / 16
            run = later(run)
            await shown(pilot, panel, run)
        assert panel.chart.drawings == 1 + 1


async def test_the_last_state_is_drawn_when_training_pauses() -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=(80, 24)) as pilot:
        run = views.run_view()
        await shown(pilot, panel, run)
        await shown(pilot, panel, later(run))
        assert panel.chart.drawings == 1
        await shown(pilot, panel, replace(later(run), state=State.PAUSED))
        assert panel.chart.drawings == 2


async def test_a_choice_is_seen_at_once_also_while_paused() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.show(views.run_view(State.PAUSED))
        panel.next_measure()
        assert panel.view.measure is Measure.TEST_LOSS
        assert panel.border_title == "Test loss"
        panel.next_measure()
        panel.next_clock()
        panel.toggle_log()
        await pilot.pause()
        assert panel.border_title == "Test accuracy"
        assert "updates [x]" in app.text
        assert "accuracy [m]" in app.text
        assert "100 %" in app.text


async def test_another_theme_is_drawn_in_its_own_colours() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.show(views.run_view(State.PAUSED))
        await pilot.pause()
        dark = [list(panel.chart.render_line(y)) for y in range(panel.chart.size.height)]
        app.theme = "light"
        await pilot.pause()
        light = [list(panel.chart.render_line(y)) for y in range(panel.chart.size.height)]
        assert "".join(each.text for each in light[3]) == "".join(each.text for each in dark[3])
        assert light != dark


async def test_plotext_is_given_few_points() -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=(120, 40)) as pilot:
        run = views.run_view(State.PAUSED)
        long = views.history(run.at, run.history.phases, 2048)
        await shown(pilot, panel, replace(run, history=long))
        assert 0 < panel.chart.points <= 5 * 120


async def test_ascii_is_seven_bits() -> None:
    panel = LossPanel(Display(ascii=True), now=Hands())
    app = Stage(panel, ascii=True)
    async with app.run_test(size=(100, 30)) as pilot:
        panel.show(views.run_view())
        await pilot.pause()
        assert app.text.isascii()


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (12, 4), (40, 9), (80, 24), (200, 60)])
@pytest.mark.parametrize("updates", [0, 1, 144_601])
async def test_any_size_will_do(size: tuple[int, int], updates: int) -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=size) as pilot:
        panel.show(views.run_view(updates=updates))
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert panel.chart.drawings > 0


async def test_losses_that_are_not_numbers_leave_the_panel_alive() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        recent = np.array([2.0, np.nan, np.inf, -np.inf, 1.0], np.float32)
        panel.show(views.run_view(State.DIVERGED, recent=recent, train_loss=float("nan")))
        await pilot.pause()
        assert "latest 5 updates:     1.00 to   2.00" in app.text


async def test_before_the_first_update_it_says_what_will_stand_there() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.show(views.run_view(State.READY, updates=0))
        await pilot.pause()
        assert "the loss of every update will stand here" in app.text


async def test_the_sparkline_shows_the_latest_updates_newest_at_the_right() -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=(44, 20)) as pilot:
        panel.show(views.run_view(recent=np.append(np.full(500, 5.0), [1.0, 3.0]).astype("f4")))
        await pilot.pause()
        rows = [panel.sparkline.render_line(y).text for y in range(panel.sparkline.size.height)]
        assert rows[-1][-3:] == "█▁█"
        assert len(rows[-1]) == panel.sparkline.size.width


async def test_a_bar_has_the_colour_of_the_strategy_that_made_its_update() -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=(44, 20)) as pilot:
        run = views.run_view(recent=np.ones(40, np.float32))
        before, now = run.history.phases
        three_ago = replace(now, start=views.moment(run.at.updates - 3))
        run = replace(run, history=replace(run.history, phases=(before, three_ago)))
        panel.show(run)
        await pilot.pause()
        parts = [part for part in panel.sparkline.render_line(1) if part.text.strip()]
        colours = [(len(part.text), part.style and part.style.color) for part in parts]
        expected = [SHOWN[name].look.colour.on_dark for name in (before.strategy, now.strategy)]
        assert [length for length, _ in colours] == [37, 3]
        assert [colour and colour.name for _, colour in colours] == [c.lower() for c in expected]


def race(state: State = State.PAUSED, names: tuple[str, ...] = STRATEGIES) -> tuple[RunView, ...]:
    """A run of each strategy after ten seconds: few updates of batch descent, many stochastic."""
    reaches = {"batch": 50, "stochastic": 1_000_000, "mini-batch": 30_000}
    return tuple(
        replace(
            views.run_view(
                state, updates=reaches[name], config=configure({"strategy": name}), id=place
            ),
            name=name,
        )
        for place, name in enumerate(names)
    )


async def test_several_runs_are_drawn_over_each_other_and_named() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        runs = race()
        panel.show_company(views.company(*runs))
        await pilot.pause()
        for sign, name in zip("■●▲", STRATEGIES, strict=True):
            assert f"{sign} {name}" in app.text
            assert app.text.count(sign) >= 3
        assert "ahead at" in app.text


async def test_hiding_all_but_one_leaves_the_chart_of_one_run() -> None:
    one, other = LossPanel(Display(), now=Hands()), LossPanel(Display(), now=Hands())
    app = Stage(one, other)
    async with app.run_test(size=(120, 24)) as pilot:
        runs = race()
        one.show_company(views.company(*runs))
        await pilot.pause()
        one.show_company(views.company(*runs, hidden=frozenset({1, 2})))
        other.show(runs[0])
        await pilot.pause()
        await pilot.pause()
        assert one.chart.text == other.chart.text
        assert one.latest.text == other.latest.text
        assert one.border_subtitle == other.border_subtitle


async def test_the_axis_on_which_runs_are_far_apart_says_that_it_is_logarithmic() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.show_company(views.company(*race()))
        said = {}
        for _ in Clock:
            await pilot.pause()
            said[panel.view.clock] = "log x" in panel.keys.text
            panel.next_clock()
        assert said == {Clock.UPDATES: True, Clock.EXAMPLES: False, Clock.SECONDS: False}


@pytest.mark.parametrize("width", [46, 60, 120])
@pytest.mark.parametrize("measure", Measure)
async def test_the_border_says_who_is_ahead_on_the_clock_that_is_shown(
    width: int, measure: Measure
) -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(width, 24)) as pilot:
        company = views.company(*race())
        panel.show_company(company)
        while panel.view.measure is not measure:
            panel.next_measure()
        for _ in Clock:
            await pilot.pause()
            clock = panel.view.clock
            found = standing(company.runs, clock, measure)
            assert found is not None
            sign = company.looks[found.ranking[0][0]].sign
            last = app.text.splitlines()[-1]
            assert sign in last
            assert f"ahead at {ahead.place(found.place, clock)}" in last
            panel.next_clock()


async def test_a_low_panel_gives_the_sparklines_room_to_the_chart_of_several() -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=(60, 16)) as pilot:
        runs, seen = race(), []
        for company in (views.company(runs[0]), views.company(*runs)):
            panel.show_company(company)
            await pilot.pause()
            seen.append((panel.sparkline.display, panel.chart.size.height))
        (of_one, before), (of_several, after) = seen
        assert of_one
        assert not of_several
        assert after > before


async def test_several_runs_are_drawn_not_twice_a_second_while_any_trains() -> None:
    hands = Hands()
    panel = LossPanel(Display(), now=hands)
    async with Stage(panel).run_test(size=(80, 24)) as pilot:
        first, *others = race()
        others[0] = replace(others[0], state=State.RUNNING)
        for _ in range(17):
            panel.show_company(views.company(first, *others))
            await pilot.pause()
            hands.time += 1 / 16
            others[0] = later(others[0])
        assert panel.chart.drawings == 1 + 1
        drawn = panel.chart.drawings
        panel.show_company(views.company(first, *(replace(r, state=State.PAUSED) for r in others)))
        await pilot.pause()
        assert panel.chart.drawings == drawn + 1


async def test_runs_that_stand_still_are_not_drawn_again() -> None:
    panel = LossPanel(Display(), now=Hands())
    async with Stage(panel).run_test(size=(80, 24)) as pilot:
        runs = race()
        for _ in range(3):
            panel.show_company(views.company(*runs))
            await pilot.pause()
        drawn = panel.chart.drawings
        panel.show_company(views.company(*runs))
        await pilot.pause()
        assert panel.chart.drawings == drawn
        panel.show_company(views.company(*runs, selected=2))
        await pilot.pause()
        assert panel.chart.drawings == drawn + 1


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (12, 4), (40, 9), (80, 24), (200, 60)])
async def test_several_runs_have_a_place_at_any_size(size: tuple[int, int]) -> None:
    panel = LossPanel(Display(ascii=True), now=Hands())
    app = Stage(panel, ascii=True)
    async with app.run_test(size=size) as pilot:
        panel.show_company(views.company(*race(), views.run_view(State.READY, updates=0, id=9)))
        await pilot.pause()
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert panel.chart.drawings > 0
        assert app.text.isascii()


async def test_a_run_that_has_not_begun_does_not_hold_up_the_comparison() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        fresh = views.run_view(State.READY, updates=0, id=9)
        panel.show_company(views.company(fresh, *race()))
        await pilot.pause()
        assert "ahead at" in app.text
        panel.show_company(views.company(fresh, race()[0]))
        await pilot.pause()
        assert "nobody is ahead yet" in app.text


async def test_runs_alike_are_level() -> None:
    panel = LossPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        run = views.run_view(State.PAUSED)
        panel.show_company(views.company(run, replace(run, id=1, name="run 2")))
        await pilot.pause()
        assert "level at 1.14 s: ● ◆ 0.1" in app.text


@pytest.mark.parametrize("levels", [BARS, ASCII_BARS])
def test_the_lowest_value_can_be_told_from_a_gap(levels: str) -> None:
    (row,) = bars([1.0, float("nan"), 2.0], 1, levels)
    assert row == levels[1] + levels[0] + levels[-1]


def test_bars_of_two_rows_stand_on_each_other() -> None:
    assert bars([0.0, 2.0], 2, BARS) == [" █", "▁█"]


def test_equal_values_are_equally_high() -> None:
    (row,) = bars([3.0, 3.0], 1, BARS)
    assert row[0] == row[1] != " "


def test_values_of_any_size_have_a_bar() -> None:
    (row,) = bars([1.7e308, -1.7e308, 0.0], 1, BARS)
    assert row[:2] == "█▁"
