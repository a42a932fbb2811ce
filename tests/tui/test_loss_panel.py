"""The loss panel follows the run, but paints only what changed, and never too often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.pilot import Pilot

from core.snapshot import RunView, State
from core.standing import Measure
from tests.tui import views
from tests.tui.stage import Hands, Stage
from tui.display import Display
from tui.strategies import SHOWN
from tui.widgets.loss import LossPanel
from tui.widgets.sparkline import ASCII_BARS, BARS, bars


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
