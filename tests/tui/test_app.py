"""The app as a whole: how it begins and ends, what it draws when, and that nothing upsets it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from textual import events
from textual.screen import Screen

from core.commands import Start
from core.config import configure
from core.errors import UserError
from core.snapshot import Loading, Notice, Saving, Snapshot, State
from tests.tui.fake_engine import FakeEngine
from tests.tui.lanes import lane, lanes, race
from tests.tui.piloted import opened, piloted
from tests.tui.views import looking_back, moment, run_view, timeline
from tui import layout
from tui.actions import ACTIONS
from tui.app import CockpitApp
from tui.display import Display
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.progress import ProgressPanel

LOADING = Snapshot(revision=1, loading=Loading("loading torch", 0.5))


# Beginning and ending


async def test_the_engine_starts_only_when_the_first_frame_is_there() -> None:
    engine = FakeEngine(Snapshot())
    app = CockpitApp(engine, Display())
    assert not engine.started
    async with app.run_test() as pilot:
        await opened(pilot)
        assert engine.started
        assert engine.sent == []


async def test_with_begin_training_starts_by_itself() -> None:
    async with piloted(shown=LOADING, begin=True) as on:
        assert on.engine.sent == [Start()]


async def test_loading_is_shown_with_its_progress() -> None:
    async with piloted(shown=LOADING) as on:
        assert "LOADING" in on.text
        assert "loading torch" in on.text
        before = on.text.count("━")
        await on.show(loading=Loading("reading MNIST", 0.9))
        assert "reading MNIST" in on.text
        assert on.text.count("━") > before
        await on.show(run_view(State.READY, updates=0), loading=None)
        assert "READY" in on.text
        assert "reading MNIST" not in on.text


async def test_a_fault_of_the_user_ends_the_app_with_bad_usage() -> None:
    async with piloted(shown=LOADING) as on:
        await on.show(loading=None, error="no CUDA here", fault=UserError("no CUDA here"))
        assert on.app.return_code == 2


async def test_any_other_failure_to_load_is_shown() -> None:
    async with piloted(shown=LOADING) as on:
        await on.show(loading=None, error="OSError: disk on fire", fault=OSError())
        assert "OSError: disk on fire" in on.text
        assert "FAILED" in on.text
        assert on.app.is_running


@pytest.mark.parametrize(
    ("state", "code"), [(State.FINISHED, 0), (State.DIVERGED, 1), (State.FAILED, 1)]
)
async def test_with_quit_the_app_leaves_when_the_run_has_ended(state: State, code: int) -> None:
    async with piloted(quit_when_done=True) as on:
        assert on.app.is_running
        await on.show(run_view(state))
        assert on.app.return_code == code
        assert not on.app.is_running or on.app._exit


async def test_without_quit_the_screen_stays_when_the_run_has_ended() -> None:
    async with piloted(run_view(State.FINISHED, reason="5 epochs are done")) as on:
        assert "FINISHED" in on.text
        assert "5 epochs are done" in on.text


async def test_a_run_without_progress_is_left_at_once() -> None:
    async with piloted(run_view(State.READY, updates=0)) as on:
        await on.press("q")
        assert on.app._exit


async def test_enter_several_times_in_one_burst_answers_once_and_stays_in_the_cockpit() -> None:
    async with piloted() as on:
        for keys in ("o", "c", ("comma", "5"), ("ctrl+p", "down")):
            await on.press(*keys)
            dialog = on.app.screen
            on.engine.sent.clear()
            for _ in range(3):
                on.app.post_message(events.Key("enter", "\r"))
            await on.pilot.pause()
            assert dialog not in on.app.screen_stack
            assert on.app.screen is on.cockpit
            assert len(on.engine.sent) <= 1


async def test_a_run_with_progress_is_left_when_it_is_said_twice() -> None:
    async with piloted() as on:
        await on.press("q")
        assert "144,601 updates" in on.text
        await on.press("escape")
        assert not on.app._exit
        await on.press("ctrl+c", "ctrl+c")
        assert on.app._exit


# Drawing


async def test_an_unchanged_snapshot_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with piloted(run_view(State.PAUSED)) as on:
        painted: list[object] = []
        monkeypatch.setattr(on.app, "_display", lambda *args: painted.append(args))
        for _ in range(5):
            on.cockpit.pull()
            await on.pilot.pause()
        assert painted == []
        await on.show(run_view(State.RUNNING, updates=200_000))
        assert painted != []


async def test_nothing_is_drawn_under_a_dialog_and_all_of_it_after() -> None:
    async with piloted() as on:
        await on.press("question_mark")
        await on.show(run_view(updates=555_555))
        assert "555,555" not in on.cockpit.query_one(ProgressPanel).query_one(".body").text
        await on.press("escape")
        assert "555,555" in on.text


async def test_a_panel_out_of_view_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(PredictionsPanel, "show", lambda _self, run: drawn.append(run.name))
    async with piloted(size=(80, 24)) as on:
        await on.show(run_view(updates=200_000))
        assert drawn == []
        on.cockpit.show_panel(on.cockpit.predictions)
        await on.pilot.pause()
        assert drawn == ["run 1"]


async def test_a_refused_command_is_answered_once() -> None:
    async with piloted() as on:
        await on.show(notice=Notice(1, "there is nothing to go back to"))
        await on.pilot.pause(0.1)
        assert "there is nothing to go back to" in on.text
        await on.show(run_view(updates=200_000))
        assert len(on.app._notifications) == 1


async def test_a_diverged_run_says_why_and_which_keys_lead_out() -> None:
    reason = "the loss is not finite any more"
    async with piloted(run_view(State.DIVERGED, reason=reason, way_back=moment(12_345))) as on:
        assert reason in on.text
        assert "z  goes back to update 12,345" in on.text
        assert "-  lowers the learning rate" in on.text
        await on.press("escape")
        assert reason not in on.text
        undo = timeline(undo=5)
        await on.show(run_view(State.DIVERGED, reason="it happened again", timeline=undo))
        assert "it happened again" in on.text
        assert "z  takes back learning rate 0.01 → 0.1, back to update 90,000" in on.text
        await on.show(run_view(State.PAUSED))
        assert "it happened again" not in on.text


async def test_what_cannot_be_saved_is_said_with_its_reason_as_long_as_it_lasts() -> None:
    full = "not saved: No space left on device"
    unsaved = Saving("/runs/a", "a", moment(12_345), full)
    for size, said in (((60, 16), full[:20]), ((120, 40), f"{full}; last saved at update 12,345")):
        async with piloted(run_view(saving=unsaved), size=size) as on:
            await on.show(run_view(saving=unsaved, updates=200_000))
            assert said in on.text.splitlines()[0]
            assert not on.app._notifications
            await on.show(run_view(saving=replace(unsaved, trouble="")))
            assert "not saved" not in on.text
            assert [str(each.message) for each in on.app._notifications] == ["saved again"]


async def test_that_another_run_cannot_be_saved_is_said_with_its_name() -> None:
    one, other, third = lanes()
    other = replace(other, saving=Saving("/runs/b", trouble="not saved: Read-only file system"))
    async with piloted(size=(160, 40)) as on:
        await on.show(one, other, third)
        said = "stochastic not saved: Read-only file system; nothing of it is saved"
        assert said in on.text.splitlines()[0]


@pytest.mark.parametrize(("seconds", "said"), [(88.0, "saved 12 s back"), (99.9, "saved")])
async def test_how_far_back_the_last_save_is_stands_with_the_progress(
    seconds: float, said: str
) -> None:
    run = run_view(at=moment(144_601, seconds=100.0))
    saved = Saving("/runs/a", "a", moment(140_000, seconds=seconds))
    async with piloted(replace(run, saving=saved)) as on:
        assert f" {said} " in on.text
        await on.show(replace(run, saving=Saving("/runs/a", "a")))
        assert "saved" not in on.text
        await on.show(run)
        assert "saved" not in on.text


async def test_an_error_in_the_engine_is_shown_and_the_app_lives_on() -> None:
    async with piloted(run_view(State.FAILED, reason="RuntimeError: out of memory")) as on:
        assert "RuntimeError: out of memory" in on.text
        await on.show(run_view(State.RUNNING))
        assert "out of memory" not in on.text


# Sizes


@pytest.mark.parametrize("size", [(120, 40), (110, 34), (200, 60)])
async def test_a_large_screen_shows_all_of_one_run_some_panels_behind_one_key(
    size: tuple[int, int],
) -> None:
    behind = {"trembling", "layers", "weights", "confusion", "machine"}
    shown = set(layout.PANELS) - {*layout.OF_SEVERAL, *behind}
    if size[1] - layout.BARS < layout.TALL:
        shown -= {"timeline"}
    async with piloted(size=size) as on:
        assert {panel.id for panel in on.cockpit.deck.in_view()} == shown
        for panel in on.cockpit.deck.in_view():
            assert panel.region in on.cockpit.region
            assert panel.region.area > 0
            assert (panel.TITLE if panel.id != "digit" else "Digit 0") in on.text
        for hidden in ("trembling", "layers", "weights", "confusion", "machine"):
            await on.press("v")
            assert {panel.id for panel in on.cockpit.deck.in_view()} - shown == {hidden}
            assert on.app.focused is on.cockpit.deck.panels[hidden]
        await on.press("v")
        assert {panel.id for panel in on.cockpit.deck.in_view()} == shown


async def test_a_small_screen_keeps_the_loss_and_the_strategy_and_tab_brings_the_rest() -> None:
    async with piloted(size=(80, 24)) as on:
        for name in layout.PANELS:
            await on.press("tab")
            panel = on.cockpit.deck.panels[on.app.focused.id]
            assert panel.region.area > 0, name
            assert "Training loss" in on.text
            assert "Strategy" in on.text
        await on.press("shift+tab")
        assert on.app.focused is not None


async def test_a_row_is_marked_only_in_the_panel_that_has_the_focus() -> None:
    async with piloted() as on:
        assert "◂SGD▸" in on.text
        await on.press("p")
        assert "◂" not in on.text
        await on.press("down")
        assert "◂none▸" in on.text  # the speed limit
        await on.press("P")
        assert "◂SGD▸" in on.text
        assert on.text.count("◂") == 1


async def test_a_panel_is_maximised_and_restored() -> None:
    async with piloted() as on:
        before = list(on.cockpit.deck.in_view())
        await on.press("F")
        assert [panel.id for panel in on.cockpit.deck.in_view()] == ["hyperparameters"]
        await on.press("tab")
        assert [panel.id for panel in on.cockpit.deck.in_view()] == ["run-settings"]
        await on.press("escape")
        assert list(on.cockpit.deck.in_view()) == before


async def test_whoever_has_the_focus_keeps_it_in_view_where_it_becomes_narrow() -> None:
    async with piloted(size=(120, 40)) as on:
        digit = on.cockpit.deck.panels["digit"]
        digit.focus()
        await on.pilot.pause()
        for size in ((80, 24), (120, 40), (60, 16)):
            await on.pilot.resize_terminal(*size)
            await on.pilot.pause()
            assert digit in on.cockpit.deck.in_view()
            assert on.app.focused is digit


async def test_below_the_least_size_a_friendly_line_stands_until_there_is_room() -> None:
    async with piloted(size=(59, 15)) as on:
        assert "60 x 16 will do" in on.text
        assert "Strategy" not in on.text
        await on.pilot.resize_terminal(60, 16)
        await on.pilot.pause()
        assert "Strategy" in on.text


# Characters


ASCII_RUNS = [
    run_view(),
    run_view(State.DIVERGED, reason="the loss … → ∞", way_back=moment(10)),
    run_view(State.DIVERGED, timeline=timeline(undo=5), saving=Saving("", trouble="→ ∞")),
    looking_back(run_view(timeline=timeline()), 5),
    run_view(
        config=configure({"optimizer": "adam", "strategy": "batch", "schedule": "step"}),
        updates=3,
        update_progress=0.4,
        learning_rate=0.0005,
    ),
]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_with_ascii_every_character_has_seven_bits(size: tuple[int, int]) -> None:
    async with piloted(shown=LOADING, size=size, ascii=True) as on:
        assert on.text.isascii()
        for run in ASCII_RUNS:
            await on.show(run, loading=None)
            assert on.text.isascii(), run.state
        for _ in layout.PANELS:
            await on.press("tab")
            assert on.text.isascii(), on.app.focused
        for key in ("question_mark", "ctrl+p", "comma", "o", "q", "b", "c", "N"):
            await on.press(key)
            assert on.text.isascii(), key
            await on.press("escape")
        await on.show(notice=Notice(1, "µ → ∞"))
        await on.pilot.pause(0.1)
        assert "u -> ?" in on.text
        assert on.text.isascii()


# Whatever happens


async def test_random_keys_and_sizes_upset_nothing() -> None:
    chance = random.Random(0)
    keys = sorted({key for each in ACTIONS.values() for key in each.keys})
    keys = [key for key in keys if key != "q"]
    keys += ["up", "down", "left", "right", "enter", "escape", *"abc019.-", "backspace"]
    alone = [run_view(state) for state in State] + ASCII_RUNS + [run_view(State.READY, updates=0)]
    some = [(run,) for run in alone] + [lanes()[:2], lanes(), (lane(0, "batch"), lane(3, "batch"))]
    async with piloted() as on:
        for _ in range(16):
            runs = chance.choice(some)
            racing = race(runs) if chance.random() < 0.5 else None
            on.engine.publish(*runs, selected=chance.choice(runs).id, race=racing)
            for key in chance.choices(keys, k=12):
                on.app.post_message(events.Key(key, key if len(key) == 1 else None))
            width, height = chance.randrange(20, 210), chance.randrange(5, 65)
            await on.pilot.resize_terminal(width, height)
            on.cockpit.pull()
            await on.pilot.pause()
        assert on.app._exception is None
        assert on.app.is_running


async def test_while_a_run_is_paused_no_frame_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with piloted(run_view(State.PAUSED)) as on:
        frames: list[object] = []
        display = CockpitApp._display

        def note(app: CockpitApp, screen: Screen[object], frame: object) -> None:
            if frame is not None:
                frames.append(frame)
            display(app, screen, frame)  # type: ignore[arg-type]

        monkeypatch.setattr(CockpitApp, "_display", note)
        for _ in range(5):  # the engine says the same again, and the screen looks at it
            await on.show()
        assert frames == []
        await on.show(run_view(State.PAUSED, updates=7))
        assert frames
