"""The table of actions: complete, free of clashes, and every key does what it says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from core.commands import (
    Advance,
    BringBack,
    Change,
    Command,
    Drop,
    FinishEpoch,
    Fork,
    GoBack,
    LookBack,
    Pause,
    Redo,
    Rename,
    Reset,
    Select,
    Start,
    StartExperiment,
    Undo,
)
from core.config import configure
from core.snapshot import Loading, RunView, Snapshot, State
from core.strategies import STRATEGIES
from tests.tui.lanes import lanes, race
from tests.tui.piloted import piloted
from tests.tui.views import moment, run_view, snapshot, timeline
from tui.actions import ACTIONS
from tui.palette import ActionProvider
from tui.screens.help import HelpScreen
from tui.widgets.deck import KINDS
from tui.widgets.key_bar import KeyBar
from tui.widgets.path import PathPanel
from tui.widgets.runs import RunsPanel
from tui.widgets.timeline import TimelinePanel


def several(*states: State, **changes: Any) -> Snapshot:
    """The three lanes of a race, in these states; the first one is selected."""
    runs = tuple(replace(run, state=state) for run, state in zip(lanes(), states, strict=True))
    return snapshot(runs=runs, race=race(runs), **changes)


LOADING = Snapshot(revision=1, loading=Loading("loading torch", 0.5))
RACING = several(State.RUNNING, State.RUNNING, State.RUNNING)
PAUSED = several(State.PAUSED, State.PAUSED, State.PAUSED)
SITUATIONS = {
    "no run": LOADING,
    **{f"{state}, fresh": snapshot(run_view(state, updates=0)) for state in State},
    **{str(state): snapshot(run_view(state, way_back=moment(1000))) for state in State},
    **{
        f"{state}, changed": snapshot(
            run_view(state, way_back=moment(1000), timeline=timeline(undo=5, redo=7))
        )
        for state in State
    },
    "changed, with no other way back": snapshot(
        run_view(State.DIVERGED, timeline=timeline(undo=5))
    ),
    "looking back": snapshot(run_view(timeline=timeline(), glimpse=3)),
    "one alone, another put away": snapshot(dropped=("run 2",)),
    "all running": RACING,
    "only the selected one running": several(State.RUNNING, State.PAUSED, State.FINISHED),
    "only another one running": several(State.READY, State.RUNNING, State.DIVERGED),
    "all paused": PAUSED,
    "all at the end of the race": several(State.FINISHED, State.FINISHED, State.FINISHED),
    "several, and one put away": several(*[State.PAUSED] * 3, dropped=("run 9",)),
}


@pytest.mark.parametrize("shown", SITUATIONS.values(), ids=SITUATIONS)
def test_a_key_means_one_thing_at_a_time(shown: Snapshot) -> None:
    keys = Counter(key for each in ACTIONS.values() if each.applies(shown) for key in each.keys)
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.parametrize("shown", SITUATIONS.values(), ids=SITUATIONS)
def test_nothing_is_offered_twice(shown: Snapshot) -> None:
    titles = Counter(each.title for each in ACTIONS.values() if each.applies(shown))
    assert [title for title, times in titles.items() if times > 1] == []


@pytest.mark.parametrize("shown", SITUATIONS.values(), ids=SITUATIONS)
def test_space_always_means_something(shown: Snapshot) -> None:
    assert any("space" in each.keys and each.applies(shown) for each in ACTIONS.values())


def test_no_key_of_a_panel_stands_in_the_way_of_another_action() -> None:
    everywhere = {key for each in ACTIONS.values() for key in each.keys}
    of_panels = {
        (kind, key)
        for kind in KINDS.values()
        for binding in kind.BINDINGS
        for key in binding.key.split(",")  # type: ignore[union-attr]
        if key in everywhere
    }
    of_the_past = {(TimelinePanel, "f"), (TimelinePanel, "escape")}
    same = {(RunsPanel, "h"), (PathPanel, "y"), *of_the_past}
    assert of_panels == same, "and these do the same there"


BOTH_WAYS = timeline(undo=5, redo=7)
SENT: list[tuple[str, RunView, Command]] = [
    ("space", run_view(State.RUNNING), Pause()),
    ("space", run_view(State.PAUSED), Start()),
    ("full_stop", run_view(), Advance(1)),
    ("e", run_view(), FinishEpoch()),
    ("r", run_view(), Reset()),
    ("R", run_view(config=configure({"seed": 7})), Reset(8)),
    ("z", run_view(State.DIVERGED, way_back=moment(1000)), GoBack()),
    ("z", run_view(State.FAILED, way_back=moment(1000), timeline=BOTH_WAYS), GoBack()),
    ("z", run_view(State.DIVERGED, timeline=BOTH_WAYS), Undo()),
    ("z", run_view(State.RUNNING, way_back=moment(1000), timeline=BOTH_WAYS), Undo()),
    ("Z", run_view(State.PAUSED, timeline=BOTH_WAYS), Redo()),
    ("escape", run_view(glimpse=3), LookBack()),
    ("1", run_view(), Change("strategy", "batch")),
    ("2", run_view(config=configure({"strategy": "batch"})), Change("strategy", "stochastic")),
    ("3", run_view(), Change("strategy", "mini-batch")),
    ("[", run_view(config=configure({"strategy": "batch"})), Change("batch_size", 30_000)),
    ("]", run_view(), Change("batch_size", 2)),
    ("]", run_view(config=configure({"batch_size": 96})), Change("batch_size", 192)),
    ("-", run_view(), Change("lr", 0.00794)),
    ("+", run_view(), Change("lr", 0.0126)),
    ("=", run_view(), Change("lr", 0.0126)),
    ("<", run_view(), Change("speed", 1000.0)),
    (">", run_view(config=configure({"speed": 1000})), Change("speed", None)),
]


async def test_every_key_sends_what_it_says() -> None:
    async with piloted() as on:
        for key, run, command in SENT:
            await on.show(run)
            assert await on.press(key) == [command], key


@pytest.mark.parametrize(("key", "strategy"), [("[", "stochastic"), ("]", "batch")])
async def test_a_batch_size_that_cannot_move_is_left_as_it_is(key: str, strategy: str) -> None:
    async with piloted(run_view(config=configure({"strategy": strategy}))) as on:
        assert await on.press(key) == []


def test_the_keys_of_the_strategies_follow_their_order() -> None:
    keys = [ACTIONS[f"strategy-{name}"].keys for name in STRATEGIES]
    assert keys == [("1",), ("2",), ("3",)]


async def test_a_strategy_chosen_while_things_load_is_not_lost() -> None:
    async with piloted(shown=LOADING) as on:
        assert await on.press("1", "space") == [Change("strategy", "batch"), Start()]


@pytest.mark.parametrize("key", ["[", "o", "full_stop", "r", "b", "f", "c", "tab", "p", "a", "u"])
async def test_a_key_that_needs_a_run_says_so_while_there_is_none(key: str) -> None:
    async with piloted(shown=LOADING) as on:
        assert await on.press(key) == []
        said = [str(each.message) for each in on.app._notifications]
        assert len(said) == 1
        assert said[0].endswith("there is no run yet")


@pytest.mark.parametrize("state", [State.DIVERGED, State.PAUSED])
async def test_where_nothing_leads_back_or_on_z_and_shift_z_do_nothing(state: State) -> None:
    async with piloted(run_view(state)) as on:
        assert await on.press("z", "Z") == []


@pytest.mark.parametrize("state", State)
def test_the_palette_offers_the_last_good_moment_wherever_there_is_one(state: State) -> None:
    shown = snapshot(run_view(state, way_back=moment(1000)))
    offered = [each.title for each in ACTIONS.values() if each.applies(shown)]
    assert [title[:31] for title in offered].count("Go back to the last good moment") == 1


async def test_the_key_bar_says_what_z_and_shift_z_do_now() -> None:
    async with piloted(size=(200, 60)) as on:
        bar = on.cockpit.query_one(KeyBar)
        for run, said in (
            (run_view(timeline=timeline(undo=5)), "z undo"),
            (run_view(timeline=timeline(undo=5, redo=7)), "z undo  Z redo"),
            (run_view(State.DIVERGED, way_back=moment(9)), "z go back"),
            (run_view(way_back=moment(9)), ""),
        ):
            await on.show(run)
            assert " ".join(re.findall(r"[zZ] .*?(?:  |$)", bar.text)).split() == said.split()


async def test_the_looking_keys_reach_their_panels_from_everywhere() -> None:
    async with piloted() as on:
        before = on.cockpit.loss.view
        await on.press("m", "x", "y")
        after = on.cockpit.loss.view
        assert before.measure != after.measure
        assert before.clock != after.clock
        assert before.log != after.log
        await on.press("w")
        assert on.cockpit.predictions.only_wrong
        await on.press("n")
        assert any(getattr(command, "fresh", False) for command in on.engine.sent)


async def test_many_updates_are_asked_for_and_a_bad_number_is_refused() -> None:
    async with piloted() as on:
        await on.press("comma", "0", "enter")
        assert "'0' is not allowed: it must be a whole number of at least 1" in on.text
        assert await on.press("backspace", "2", "5", "0", "enter") == [Advance(250)]


async def test_an_optimizer_is_chosen_by_name() -> None:
    async with piloted() as on:
        await on.press("o")
        assert "steps against the gradient" in on.text
        assert await on.press("down", "enter") == [Change("optimizer", "adagrad")]


async def test_choosing_what_is_set_already_changes_nothing() -> None:
    async with piloted() as on:
        assert await on.press("S", "enter") == []
        assert await on.press("S", "down", "escape") == []


async def test_the_help_lists_every_key_with_all_that_it_does() -> None:
    async with piloted(size=(100, 100)) as on:
        await on.press("question_mark")
        assert isinstance(on.app.screen, HelpScreen)
        said = " ".join(
            re.sub("[│╭╮╰╯─]", " ", line[14:86]).strip() for line in on.text.splitlines()
        )
        for action in ACTIONS.values():
            if action.keys:
                assert re.search(
                    rf"{re.escape(action.key_names)} .*{re.escape(action.title)}", said
                )
        for title in {action.title for action in ACTIONS.values() if action.keys}:
            assert said.count(title) == 1, title


async def test_what_is_too_long_for_a_line_of_the_help_goes_on_under_itself() -> None:
    async with piloted(size=(60, 100)) as on:
        await on.press("question_mark")
        lines = [line.strip("│ ") for line in on.text.splitlines()]
        place = next(i for i, line in enumerate(lines) if line.startswith("c  Race: several"))
        wrapped = on.text.splitlines()[place + 1]
        assert wrapped.index(lines[place + 1]) == on.text.splitlines()[place].index("Race:")


async def test_the_palette_offers_what_applies_now_and_does_it() -> None:
    async with piloted() as on:
        hits = [hit async for hit in ActionProvider(on.cockpit).discover()]
        offered = {str(hit.text).split("   ")[0] for hit in hits}
        assert "Optimizer: Adam" in offered
        assert "Optimizer: SGD" not in offered  # it is set already
        assert "Start training" not in offered  # it runs already
        assert {"Theme: light", "Speed: 100 updates a second", "Order: sequential"} <= offered
        assert {"Schedule: cosine", "Strategy: batch"} <= offered
        await on.press("ctrl+p", *"Optimizer: RMS")
        await on.pilot.pause(0.2)
        assert await on.press("enter") == [Change("optimizer", "rmsprop")]


@pytest.mark.parametrize("shown", [snapshot(), RACING], ids=["one run", "several"])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_the_key_bar_never_cuts_an_entry(width: int, shown: Snapshot) -> None:
    async with piloted(size=(width, 24), shown=shown) as on:
        bar = on.cockpit.query_one(KeyBar)
        assert len(bar.text) <= width
        entries = [entry.split()[-1] for entry in bar.text.strip().split("  ")]
        known = {each.label.split()[-1] for each in ACTIONS.values() if each.label}
        assert set(entries) <= known
        assert {"pause", "help"} <= set(entries)
        assert ("tab run" in bar.text) == (len(shown.runs) > 1)


async def test_an_action_that_ceased_to_apply_while_its_key_came_does_nothing() -> None:
    async with piloted(shown=RACING) as on:
        on.cockpit.action_do("bring-back")
        assert BringBack() not in on.engine.sent
        assert not on.app._notifications


async def test_themes_switch_between_dark_and_light() -> None:
    async with piloted(theme="light") as on:
        seen: list[Any] = [on.app.theme]
        for _ in range(2):
            await on.press("t")
            seen.append(on.app.theme)
        assert seen == ["light", "dark", "light"]


@pytest.mark.parametrize("theme", ["nord", "ansi-dark", "ansi-light"])
async def test_textuals_own_themes_can_be_worn(theme: str) -> None:
    async with piloted(theme=theme) as on:
        assert on.app.theme == theme
        assert "stochastic" in on.text


def test_the_palette_speaks_of_one_update_a_second() -> None:
    assert ACTIONS["speed-1.0"].title == "Speed: 1 update a second"
    assert ACTIONS["speed-1000.0"].title == "Speed: 1,000 updates a second"


# Several runs

SENT_OF_SEVERAL: list[tuple[str, Snapshot, list[tuple[Command, int | None]]]] = [
    ("f", snapshot(), [(Fork(), None)]),
    ("f", RACING, [(Fork(), None)]),
    ("C", snapshot(), [(StartExperiment(), None)]),
    ("tab", RACING, [(Select(), 1)]),
    ("tab", replace(RACING, selected=2), [(Select(), 0)]),
    ("shift+tab", RACING, [(Select(), 2)]),
    ("tab", snapshot(), []),
    ("shift+tab", snapshot(), []),
    ("p", RACING, []),
    ("P", RACING, []),
    ("a", RACING, [(Pause(), 0), (Pause(), 1), (Pause(), 2)]),
    ("a", SITUATIONS["only another one running"], [(Pause(), 0), (Pause(), 1), (Pause(), 2)]),
    ("a", PAUSED, [(Start(), 0), (Start(), 1), (Start(), 2)]),
    ("a", snapshot(), []),
    ("delete", RACING, [(Drop(), None)]),
    ("backspace", PAUSED, [(Drop(), None)]),
    ("delete", snapshot(), []),
    ("u", snapshot(dropped=("run 2",)), [(BringBack(), None)]),
    ("u", RACING, []),
    ("h", RACING, []),
]


async def test_every_key_for_several_runs_sends_what_it_says_to_whom_it_says() -> None:
    async with piloted(size=(60, 16)) as on:
        for key, shown, expected in SENT_OF_SEVERAL:
            await on.show(*shown.runs, selected=shown.selected, dropped=shown.dropped)
            sent = await on.press(key)
            assert [*zip(sent, on.engine.sent_to, strict=True)] == expected, key


async def test_a_run_is_given_another_name() -> None:
    async with piloted(shown=PAUSED) as on:
        await on.press("N")
        assert "another name for batch" in on.text
        assert await on.press("enter") == []
        assert await on.press(*"slow and sure", "enter") == [Rename("slow and sure")]
        assert await on.press("N", *"other", "escape") == []


async def test_p_goes_to_the_next_panel_and_so_does_tab_where_there_is_one_run() -> None:
    async with piloted(size=(60, 16)) as on:

        async def focus_after(key: str) -> str:
            await on.press(key)
            assert on.app.focused is not None
            return str(on.app.focused.id)

        first = await focus_after("p")
        second = await focus_after("p")
        assert second != first
        assert await focus_after("shift+tab") == first
        assert await focus_after("tab") == second
        assert await focus_after("P") == first
        await on.show(*RACING.runs)
        assert await focus_after("tab") == first
        assert await focus_after("shift+tab") == first
        assert await focus_after("p") == second
