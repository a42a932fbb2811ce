"""The timeline: what it lists, how one moves along it, and what the other panels show meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import Fork, LookBack, Return, ShowDigits
from core.snapshot import MomentKind, RunView, State
from tests.tui import views
from tests.tui.lanes import lanes, race
from tests.tui.piloted import Piloted, piloted
from tests.tui.stage import Stage
from tests.tui.views import looking_back, moments, run_view, snapshot, timeline
from tui.display import Display
from tui.widgets.digit import DigitPanel
from tui.widgets.explanation import ExplanationPanel
from tui.widgets.loss import LossPanel
from tui.widgets.moment_strip import Strip
from tui.widgets.panel import Panel
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.progress import ProgressPanel
from tui.widgets.timeline import TimelinePanel

RUN = run_view(State.PAUSED, timeline=timeline())
OLDEST, NEWEST = 1, 10


class Hall(Stage):
    """A panel of the timeline on a stage of its own."""

    def __init__(self, *, ascii: bool = False) -> None:
        self.panel = TimelinePanel(Display(ascii=ascii))
        super().__init__(self.panel, ascii=ascii)

    @property
    def body(self) -> list[str]:
        return self.panel.lines.text.splitlines()

    @property
    def chosen(self) -> str:
        """The line of the moment that is looked at."""
        (line,) = (each for each in self.body if each.startswith((">", "▸")))
        return " ".join(line.split())


async def shown(run: RunView, size: tuple[int, int], *, ascii: bool = False) -> list[str]:
    hall = Hall(ascii=ascii)
    async with hall.run_test(size=size) as pilot:
        hall.panel.show(run)
        await pilot.pause()
        assert hall.text.isascii() or not ascii
        return hall.body


# What is listed


async def test_now_stands_above_the_moments_and_these_with_the_newest_first() -> None:
    lines = [line.split() for line in (await shown(RUN, (90, 16)))[2:]]
    assert lines[0] == ["▸│‖", "144,601", "2.41", "93.1", "%", "now"]
    updates = [line[1] for line in lines[1:]]
    assert updates == [f"{each.at.updates:,}" for each in reversed(moments())]


async def test_every_moment_says_what_it_was_in_the_words_of_the_other_panels() -> None:
    text = "\n".join(await shown(RUN, (90, 16)))
    for said in (
        "beginning",
        "before learning rate 0.01 → 0.1",
        "before optimizer SGD → Adam",
        "end of epoch 2",
        "after 194 ms of training",
        "left for another moment",
    ):
        assert said in text


async def test_what_was_left_behind_is_told_without_colours_too() -> None:
    for ascii, path, branch in ((False, "│", "┆"), (True, "|", ":")):
        rows = (await shown(RUN, (90, 16), ascii=ascii))[3:]
        drawn = [row[1] for row in reversed(rows)]
        assert drawn == [path if each.on_path else branch for each in moments()]


@pytest.mark.parametrize("ascii", [False, True])
async def test_each_kind_has_a_sign_of_its_own(ascii: bool) -> None:
    rows = (await shown(RUN, (90, 16), ascii=ascii))[3:]
    signs = {each.kind: row[2] for each, row in zip(reversed(moments()), rows, strict=True)}
    assert len({*signs.values()}) == len(MomentKind)


async def test_the_moment_at_which_the_run_stands_is_marked() -> None:
    told = tuple(replace(each, here=each.id == 3) for each in moments())
    rows = await shown(replace(RUN, timeline=timeline(*told)), (90, 16))
    assert [row for row in rows if "← now" in row] == [row for row in rows if "epoch 1" in row]


async def test_where_it_is_narrow_a_change_keeps_its_new_value_longest() -> None:
    rows = await shown(RUN, (35, 16))
    assert any(row.endswith(" learning rate → 0.1") for row in rows)
    assert any(row.endswith(" optimizer SGD → Adam") for row in rows)
    assert not any("%" in row for row in rows)


async def test_the_border_says_how_much_is_kept_and_how_much_may_be() -> None:
    hall = Hall()
    async with hall.run_test(size=(90, 12)) as pilot:
        hall.panel.show(RUN)
        await pilot.pause()
        assert "10 moments, 61 of 256 MB" in hall.text


async def test_where_it_is_narrow_the_border_has_the_figures_of_the_moment_looked_at() -> None:
    hall = Hall()
    async with hall.run_test(size=(35, 12)) as pilot:
        hall.panel.show(looking_back(RUN, 5))
        await pilot.pause()
        assert "epoch 1.50, accuracy 93.1 %" in hall.text


async def test_a_run_of_which_nothing_is_kept_yet_has_a_line() -> None:
    assert any("now" in row for row in await shown(run_view(updates=0), (46, 7)))


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (24, 4), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    hall = Hall()
    async with hall.run_test(size=size) as pilot:
        hall.panel.show(RUN)
        hall.panel.focus()
        await pilot.press("down", "down", "end", "pageup")
        await pilot.resize_terminal(90, 16)
        await pilot.pause()
        assert "beginning" in hall.text


@given(st.integers(0, 500), st.integers(1, 200))
def test_on_the_strip_moments_stand_in_order_from_edge_to_edge(count: int, width: int) -> None:
    strip = Strip(moments()[:1] * count, width)
    columns = [strip.column(place) for place in range(count + 1)]
    assert columns == sorted(columns)
    assert columns[0] == 0
    assert columns[-1] == (width - 1 if count else 0)
    if count < width:
        assert [strip.nearest(column) for column in columns] == [*range(count + 1)]


# Moving along it


async def looked(hall: Hall, pilot: object, *keys: str) -> list[object]:
    hall.asked.clear()
    await pilot.press(*keys)  # type: ignore[attr-defined]
    return list(hall.asked)


async def test_down_and_left_look_further_back_and_up_and_right_come_back_to_now() -> None:
    hall = Hall()
    async with hall.run_test(size=(90, 16)) as pilot:
        hall.panel.show(RUN)
        hall.panel.focus()
        assert await looked(hall, pilot, "down", "left") == [LookBack(10), LookBack(9)]
        assert await looked(hall, pilot, "up", "right") == [LookBack(10), LookBack(None)]
        assert await looked(hall, pilot, "up") == []
        assert await looked(hall, pilot, "end", "down") == [LookBack(OLDEST)]
        assert await looked(hall, pilot, "home") == [LookBack(None)]
        assert await looked(hall, pilot, "pagedown", "pageup") == [LookBack(1), LookBack(None)]


async def test_escape_leads_back_to_now() -> None:
    hall = Hall()
    async with hall.run_test(size=(90, 16)) as pilot:
        hall.panel.show(RUN)
        hall.panel.focus()
        await pilot.press("down")
        assert await looked(hall, pilot, "escape") == [LookBack(None)]
        assert await looked(hall, pilot, "escape") == []


async def test_enter_returns_to_the_moment_and_f_forks_from_it() -> None:
    hall = Hall()
    async with hall.run_test(size=(90, 16)) as pilot:
        hall.panel.show(RUN)
        hall.panel.focus()
        assert await looked(hall, pilot, "enter", "f") == []
        assert await looked(hall, pilot, "down", "enter") == [LookBack(10), Return(10)]
        assert await looked(hall, pilot, "f") == [LookBack(None), Fork(10)]
        assert "now" in hall.chosen


async def test_the_moment_that_is_looked_at_stays_in_view_in_a_long_list() -> None:
    hall = Hall()
    many = tuple(replace(moments()[1], id=id, at=views.moment(id)) for id in range(1, 401))
    run = replace(RUN, timeline=timeline(*many))
    async with hall.run_test(size=(60, 8)) as pilot:
        hall.panel.show(run)
        hall.panel.focus()
        for keys in (["down"] * 7, ["end"], ["up"] * 9, ["pageup"] * 3, ["home"]):
            await pilot.press(*keys)
            assert hall.chosen


async def test_an_answer_to_an_earlier_key_does_not_lead_back() -> None:
    hall = Hall()
    async with hall.run_test(size=(90, 16)) as pilot:
        hall.panel.show(RUN)
        hall.panel.focus()
        await pilot.press("down", "down", "down")
        hall.panel.show(looking_back(RUN, 10))  # the engine is two keys behind
        assert await looked(hall, pilot, "down") == [LookBack(7)]
        hall.panel.show(looking_back(RUN, 7))
        hall.panel.show(RUN)  # something else led back to now
        assert "now" in hall.chosen


async def test_where_the_moment_was_given_up_the_nearest_is_looked_at() -> None:
    hall = Hall()
    async with hall.run_test(size=(90, 16)) as pilot:
        hall.panel.show(looking_back(RUN, 4))
        hall.asked.clear()
        fewer = timeline(*(each for each in moments() if each.id not in (3, 4)))
        hall.panel.show(replace(looking_back(RUN, 4), timeline=fewer))
        await pilot.pause()
        assert hall.asked == [LookBack(5)]
        hall.panel.show(replace(looking_back(RUN, 5), timeline=fewer))
        assert "learning rate" in hall.chosen


async def test_a_click_looks_at_a_moment_in_the_list_and_on_the_line() -> None:
    hall = Hall()
    async with hall.run_test(size=(90, 16)) as pilot:
        hall.panel.show(RUN)
        await pilot.click(TimelinePanel, offset=(20, 4))
        await pilot.click(TimelinePanel, offset=(2, 1))
        await pilot.click(TimelinePanel, offset=(87, 1))
        await pilot.pause()
        assert hall.asked == [LookBack(NEWEST), LookBack(OLDEST), LookBack(None)]


# In the cockpit


def dated(on: Piloted) -> set[type[Panel]]:
    """The panels that say that they show an earlier moment."""
    return {
        type(panel)
        for panel in on.cockpit.deck.in_view()
        if "update 60,000" in str(panel.border_title)
    }


LOOKING_BACK = {LossPanel, ProgressPanel, PredictionsPanel, DigitPanel, ExplanationPanel}


async def test_what_shows_the_run_shows_it_as_it_was_and_says_so() -> None:
    running = run_view(State.RUNNING, timeline=timeline(), train_loss=0.214)
    async with piloted(running) as on:
        assert dated(on) == set()
        await on.show(looking_back(running, 3))
        assert dated(on) == LOOKING_BACK
        assert "training 0.333" in on.text
        assert "This is update 60,000, end of epoch 1; escape leads back to now." in _words(on)
        assert "epoch 2.41" in on.text  # the header is about the present
        assert "RUNNING" in on.text
        await on.show(running)
        assert dated(on) == set()
        assert "training 0.214" in on.text


def _words(on: Piloted) -> str:
    body = on.cockpit.query_one(ExplanationPanel).body
    return " ".join(str(body.content).split())


async def test_while_it_trains_the_sparkline_stays_that_of_then() -> None:
    running = run_view(State.RUNNING, timeline=timeline())
    async with piloted(looking_back(running, 3)) as on:
        sparkline = on.cockpit.loss.sparkline
        before = sparkline.render_line(1).text
        moved = replace(looking_back(running, 3), recent=running.recent[::-1].copy())
        on.cockpit.deck.move(moved)
        assert sparkline.render_line(1).text == before


async def test_with_several_runs_only_the_selected_one_is_shown_as_it_was() -> None:
    batch, *others = lanes()
    batch = replace(batch, timeline=timeline())
    then = looking_back(batch, 3)
    shown = snapshot(runs=(then, *others), race=race((batch, *others)))
    async with piloted(shown=shown) as on:
        assert "batch, update 60,000" in str(on.cockpit.loss.border_title)
        drawn = on.cockpit.loss._company
        assert drawn is not None
        assert drawn.runs == (then.then, *others)


async def test_escape_leads_back_to_now_from_everywhere_and_then_to_all_panels() -> None:
    async with piloted(looking_back(RUN, 3)) as on:
        await on.press("F")
        assert await on.press("escape") == [LookBack(None)]
        assert len([*on.cockpit.deck.in_view()]) == 1
        await on.show(RUN)
        assert await on.press("escape") == []
        assert len([*on.cockpit.deck.in_view()]) > 1


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)])
async def test_shift_t_leads_to_the_timeline_at_every_size(size: tuple[int, int]) -> None:
    async with piloted(RUN, size=size) as on:
        await on.press("T")
        panel = on.cockpit.query_one(TimelinePanel)
        assert on.app.focused is panel
        assert panel in [*on.cockpit.deck.in_view()]
        assert await on.press("down", "f") == [LookBack(10), LookBack(None), Fork(10)]
        assert await on.press("f") == [Fork()]


async def test_the_tab_of_the_timeline_is_named_where_there_is_room_for_few_names() -> None:
    async with piloted(RUN, size=(60, 16)) as on:
        for name in ("timeline", "explanation", "hyperparameters"):
            panel = on.cockpit.deck.panels[name]
            on.cockpit.show_panel(panel)
            await on.pilot.pause()
            strip = on.cockpit.query_one("#tab-strip").render_lines(  # type: ignore[attr-defined]
                on.cockpit.query_one("#tab-strip").size.region
            )
            assert panel.TITLE in "".join(line.text for line in strip)


async def test_v_turns_the_place_of_the_events_to_the_timeline() -> None:
    async with piloted(RUN) as on:
        on.cockpit.show_panel(on.cockpit.deck.panels["events"])
        await on.pilot.pause()
        for name in ("timeline", "events"):
            assert [each for each in await on.press("v") if not isinstance(each, ShowDigits)] == []
            assert on.app.focused is on.cockpit.deck.panels[name]
