"""The app with several runs: their panels, whom keys are for, who is drawn, how one leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from core.commands import Change, Pause, Select
from core.snapshot import Moment, RunView, Snapshot, State
from tests.tui.lanes import lane, lanes, race
from tests.tui.piloted import Piloted, piloted
from tests.tui.views import run_view, snapshot
from tui import layout
from tui.app import CockpitApp
from tui.screens.dialogs import QuitDialog
from tui.widgets.header import Header
from tui.widgets.value_editor import ValueEditor

BATCH, STOCHASTIC, MINI_BATCH = lanes()
SIZES = {"60x16": (60, 16), "80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
SMALL_AND_LARGE = [SIZES["80x24"], SIZES["120x40"]]


def racing(*runs: RunView, **changes: Any) -> Snapshot:
    """These runs in a race, by default the three of the chapter; the first is selected."""
    runs = runs or lanes()
    return snapshot(runs=runs, **{"selected": runs[0].id, "race": race(runs), **changes})


def at_rest(*runs: RunView) -> tuple[RunView, ...]:
    return tuple(replace(run, state=State.PAUSED, updates_per_second=0.0) for run in runs)


def in_view(on: Piloted) -> set[str]:
    return {str(panel.id) for panel in on.cockpit.deck.in_view()}


def focused(on: Piloted) -> str:
    assert on.app.focused is not None
    return str(on.app.focused.id)


async def focus(on: Piloted, name: str) -> None:
    on.cockpit.show_panel(on.cockpit.deck.panels[name])
    await on.pilot.pause()
    assert focused(on) == name


# Panels


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_a_large_screen_shows_chart_table_and_paths_at_once(size: tuple[int, int]) -> None:
    async with piloted(shown=racing(), size=size) as on:
        assert {"strategy", "hyperparameters", "loss", "path", "runs"} <= in_view(on)
        for name in in_view(on):
            region = on.cockpit.deck.panels[name].region
            assert on.cockpit.region.contains_region(region)
            assert region.area > 0


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30)])
async def test_on_a_small_screen_chart_and_table_take_turns(size: tuple[int, int]) -> None:
    async with piloted(shown=racing(), size=size) as on:
        seen = []
        for _ in range(5):
            (front,) = in_view(on) & {"loss", "runs", "path", "verdicts", "trembling"}
            assert on.cockpit.deck.panels[front].region.width == size[0]
            assert "strategy" in in_view(on)
            seen.append(front)
            await on.press("v")
        assert seen == ["loss", "runs", "path", "verdicts", "trembling"]
        assert "loss" in in_view(on)


@pytest.mark.parametrize("size", SMALL_AND_LARGE)
async def test_p_brings_every_panel_into_view(size: tuple[int, int]) -> None:
    async with piloted(shown=racing(), size=size) as on:
        await focus(on, layout.PANELS[-1])
        for name in layout.PANELS:
            await on.press("p")
            assert focused(on) == name
            assert name in in_view(on)
        await on.press("P")
        assert focused(on) == layout.PANELS[-2]


@pytest.mark.parametrize("size", SMALL_AND_LARGE)
async def test_a_fork_brings_the_panels_of_several_and_putting_it_away_takes_them(
    size: tuple[int, int],
) -> None:
    of_one, of_two = snapshot(BATCH), racing(BATCH, STOCHASTIC)
    async with piloted(shown=of_one, size=size) as on:
        before = in_view(on)
        await on.show(*of_two.runs)
        assert in_view(on) != before
        for name in layout.OF_SEVERAL:
            await focus(on, name)
            assert on.cockpit.deck.panels[name].TITLE in on.text
        await on.show(BATCH)
        assert not in_view(on) & set(layout.OF_SEVERAL)
        assert {"loss", "strategy"} <= in_view(on)


async def test_the_table_has_a_line_for_every_run_that_comes() -> None:
    async with piloted(shown=racing(BATCH, STOCHASTIC)) as on:
        table = on.cockpit.deck.panels["runs"]
        more = [replace(MINI_BATCH, id=i, name=f"run {i}") for i in range(2, 8)]
        for count in range(7):
            await on.show(BATCH, STOCHASTIC, *more[:count])
            assert table.content_size.height == 1 + 2 + count
        for run in more:
            assert run.name in on.text


@pytest.mark.parametrize("size", SMALL_AND_LARGE)
async def test_the_focus_goes_to_the_chart_where_its_panel_has_no_place_any_more(
    size: tuple[int, int],
) -> None:
    async with piloted(shown=racing(), size=size) as on:
        for name in layout.OF_SEVERAL:
            await on.show(*lanes())
            await focus(on, name)
            await on.show(BATCH)
            assert focused(on) == "loss"
            assert "loss" in in_view(on)


@pytest.mark.parametrize("size", SMALL_AND_LARGE)
async def test_whoever_else_has_the_focus_keeps_it_in_view_as_runs_come_and_go(
    size: tuple[int, int],
) -> None:
    async with piloted(shown=snapshot(BATCH), size=size) as on:
        for name in [name for name in layout.PANELS if name not in layout.OF_SEVERAL]:
            await focus(on, name)
            for runs in (lanes(), (BATCH,)):
                await on.show(*runs)
                assert focused(on) == name
                assert name in in_view(on)


async def test_a_maximised_panel_without_a_place_any_more_gives_the_screen_back() -> None:
    async with piloted(shown=racing()) as on:
        await focus(on, "runs")
        await on.press("F")
        assert in_view(on) == {"runs"}
        await on.show(BATCH)
        assert {"loss", "strategy", "progress", "digit"} <= in_view(on)
        assert focused(on) == "loss"


async def test_a_maximised_panel_that_has_a_place_stays_as_large_as_it_is() -> None:
    async with piloted(shown=racing()) as on:
        await focus(on, "loss")
        await on.press("F")
        for runs in ((BATCH,), lanes()):
            await on.show(*runs)
            assert in_view(on) == {"loss"}
        await on.press("v")
        assert len(in_view(on)) == 1
        await on.press("escape")
        assert {"loss", "runs", "path"} <= in_view(on)


# Whom keys are for


async def test_the_panels_show_the_run_that_is_selected() -> None:
    async with piloted(shown=racing()) as on:
        for run in lanes():
            await on.show(selected=run.id)
            assert f"epoch {run.at.epoch:.2f}" in on.cockpit.query_one(Header).text
            assert f"{run.train_loss:.3g}" in on.text


async def test_a_setting_that_is_changed_is_that_of_the_selected_run() -> None:
    async with piloted(shown=racing(selected=2)) as on:
        assert await on.press("]") == [Change("batch_size", 128)]
        assert on.engine.sent_to == [None]
        await focus(on, "hyperparameters")
        await on.press(*["down"] * 1)
        assert await on.press("right") == [Change("lr", 0.0126)]
        assert on.engine.sent_to == [None]


async def test_space_is_for_the_selected_run() -> None:
    shown = racing(STOCHASTIC, *at_rest(MINI_BATCH))
    async with piloted(shown=shown) as on:
        assert await on.press("space") == [Pause()]
        await on.show(selected=2)
        assert [type(each).__name__ for each in await on.press("space")] == ["Start"]


async def test_a_run_is_selected_in_the_table() -> None:
    async with piloted(shown=racing()) as on:
        await focus(on, "runs")
        assert await on.press("down") == [Select()]
        assert on.engine.sent_to == [1]
        await on.show(selected=1)
        assert await on.press("down") == [Select()]
        assert on.engine.sent_to == [2]


async def test_what_is_being_typed_for_one_run_does_not_reach_another() -> None:
    async with piloted(shown=racing(selected=2)) as on:
        await on.press("b", *"32")
        assert on.cockpit.query(ValueEditor)
        await on.press("tab")
        await on.show(selected=0)
        assert not on.cockpit.query(ValueEditor)
        assert focused(on) == "hyperparameters"
        assert await on.press("enter") == []


# Who is drawn


def drawn(on: Piloted) -> str:
    """The signs and names of the runs in the chart."""
    return "  ".join(on.cockpit.loss.names.text.splitlines())


async def test_a_hidden_run_is_out_of_the_chart_once_another_is_selected() -> None:
    async with piloted(shown=racing()) as on:
        await on.press("h")
        assert "■ batch" in drawn(on)
        await on.show(selected=1)
        assert "batch  " not in drawn(on)
        assert "● stochastic  ▲ mini-batch 64" in drawn(on)
        await on.show(selected=0)
        await on.press("h")
        await on.show(selected=1)
        assert "■ batch  ● stochastic  ▲ mini-batch 64" in drawn(on)


async def test_h_does_in_the_table_what_it_does_elsewhere() -> None:
    async with piloted(shown=racing()) as on:
        await focus(on, "runs")
        await on.press("h")
        await on.show(selected=2)
        assert "■ batch" not in drawn(on)
        await focus(on, "loss")
        await on.show(selected=0)
        await on.press("h")
        await on.show(selected=2)
        assert "■ batch" in drawn(on)


async def test_a_run_that_is_brought_back_is_seen_though_it_was_hidden() -> None:
    async with piloted(shown=racing()) as on:
        await on.press("h")
        await on.show(STOCHASTIC, MINI_BATCH, selected=1, dropped=("batch",))
        await on.show(*lanes(), selected=0, dropped=())
        await on.show(selected=1)
        assert "■ batch" in drawn(on)


async def test_all_stay_what_they_look_like_while_runs_come_and_go() -> None:
    async with piloted(shown=racing()) as on:
        fork = replace(STOCHASTIC, id=7, name="run 4", parent="stochastic")
        await on.show(BATCH, STOCHASTIC, fork, MINI_BATCH)
        assert drawn(on).split("  ") == ["■ batch", "● stochastic", "◆ run 4", "▲ mini-batch 64"]
        await on.show(fork, MINI_BATCH, selected=7)
        assert drawn(on).split("  ") == ["◆ run 4", "▲ mini-batch 64"]
        await on.show(*lanes(), fork, selected=0)
        assert drawn(on).split("  ") == ["■ batch", "● stochastic", "▲ mini-batch 64", "◆ run 4"]


async def test_while_all_are_paused_no_frame_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with piloted(shown=racing(*at_rest(*lanes()))) as on:
        frames: list[object] = []
        display = CockpitApp._display

        def note(app: CockpitApp, screen: Any, frame: Any) -> None:
            if frame is not None:
                frames.append(frame)
            display(app, screen, frame)

        monkeypatch.setattr(CockpitApp, "_display", note)
        for _ in range(5):  # the engine says the same again, and the screen looks at it
            await on.show()
        assert frames == []
        await on.show(*at_rest(BATCH, replace(STOCHASTIC, at=Moment(7)), MINI_BATCH))
        assert frames


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_with_ascii_every_character_has_seven_bits(size: tuple[int, int]) -> None:
    fork = replace(STOCHASTIC, id=3, name="run 4", parent="stochastic", forked_at=Moment(9))
    fork = replace(fork, parted_by="learning rate 0.01 → 0.1")
    async with piloted(shown=racing(*lanes(), fork), size=size, ascii=True) as on:
        for name in layout.PANELS:
            await focus(on, name)
            assert on.text.isascii(), name


# Leaving


def made(*updates: int) -> Iterable[RunView]:
    """Runs that have made so many updates each."""
    for id, each in enumerate(updates):
        yield replace(run_view(State.PAUSED, updates=each), id=id, name=f"run {id}")


@pytest.mark.parametrize(
    ("updates", "said"),
    [
        ((1234,), "This run has made 1,234 updates. They are not kept."),
        ((1000, 234, 0), "These 3 runs have made 1,234 updates. They are not kept."),
        ((0, 500), "These 2 runs have made 500 updates. They are not kept."),
    ],
)
async def test_leaving_asks_first_if_any_run_has_made_updates(
    updates: tuple[int, ...], said: str
) -> None:
    async with piloted(shown=racing(*made(*updates))) as on:
        await on.press("q")
        assert isinstance(on.app.screen, QuitDialog)
        assert said in on.text
        await on.press("escape")
        assert not on.app._exit
        await on.press("q", "q")
        assert on.app._exit


async def test_runs_without_a_single_update_are_left_at_once() -> None:
    async with piloted(shown=racing(*made(0, 0, 0))) as on:
        await on.press("q")
        assert on.app._exit


ENDED = {State.FINISHED: 0, State.DIVERGED: 1, State.FAILED: 1}


@pytest.mark.parametrize(("state", "code"), ENDED.items())
async def test_with_quit_the_app_waits_until_no_run_trains(state: State, code: int) -> None:
    async with piloted(shown=racing(), quit_when_done=True) as on:
        selected = replace(BATCH, state=state)
        await on.show(selected, STOCHASTIC, MINI_BATCH)
        assert not on.app._exit
        await on.show(selected, replace(STOCHASTIC, state=State.FINISHED), MINI_BATCH)
        assert not on.app._exit
        await on.show(
            selected,
            replace(STOCHASTIC, state=State.FINISHED),
            replace(MINI_BATCH, state=State.PAUSED),
        )
        assert on.app._exit
        assert on.app.return_code == code


async def test_with_quit_others_that_have_finished_do_not_end_the_app() -> None:
    paused = replace(BATCH, state=State.PAUSED)
    finished = [replace(run, state=State.FINISHED) for run in (STOCHASTIC, MINI_BATCH)]
    async with piloted(shown=racing(paused, *finished), quit_when_done=True) as on:
        assert not on.app._exit
        await on.show(replace(paused, state=State.RUNNING), *finished)
        assert not on.app._exit


async def test_a_race_of_eight_is_drawn_at_every_size() -> None:
    eight = [lane(i, "stochastic", name=f"lr 0.0{i}") for i in range(8)]
    async with piloted(shown=racing(*eight)) as on:
        for size in SIZES.values():
            await on.pilot.resize_terminal(*size)
            for name in ("loss", "runs", "path", "verdicts", "trembling"):
                await focus(on, name)
                assert on.cockpit.deck.panels[name].TITLE in on.text
