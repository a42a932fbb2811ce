"""The screen on what is not gd-tui's own: an engine of a script, a loop of a script."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import gd_tui
import tui
from core.commands import Pause, Start
from core.config import RunConfig, configure
from core.errors import TrainingError, UserError
from core.loops.commands import EndLoop
from core.optimizers.table import OPTIMIZERS, OptimizerSpec
from core.snapshot import LoopView, RunView, Snapshot, State
from tests.tui.fake_engine import FakeEngine
from tests.tui.views import run_view, snapshot
from tui import attaching
from tui.actions import ACTIONS, cannot_with_loop
from tui.app import CockpitApp
from tui.display import Display
from tui.explain import explain
from tui.layout import PANELS, THREE_COLUMNS, Size, arrange, plan
from tui.ride import beside, output, ride
from tui.ride import window as window_process
from tui.ride.app import RideApp
from tui.ride.messages import Show
from tui.ride.session import Session
from tui.screens.leave_loop import LeaveLoopDialog


class Engine(FakeEngine):
    """An engine of a script, as the screen has it."""

    stopped = False
    given = 0

    def give_weights(self) -> None:
        self.given += 1


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were one; the app that is opened is left at once."""
    monkeypatch.setattr(attaching, "missing_terminal", lambda: "")
    monkeypatch.setattr(CockpitApp, "run", lambda *_, **__: None)


def test_attach_is_one_function_by_two_names() -> None:
    assert gd_tui.attach is tui.attach is attaching.attach


@pytest.mark.usefixtures("terminal")
def test_when_the_screen_is_left_the_network_has_its_weights() -> None:
    engine = Engine()
    attaching.attach(engine)  # type: ignore[arg-type]
    attaching.attach(engine)  # type: ignore[arg-type]
    assert engine.given == 2


def test_without_a_terminal_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "missing_terminal", lambda: "standard input is not a terminal")
    with pytest.raises(UserError, match="attach: standard input is not a terminal; the screen"):
        attaching.attach(Engine())  # type: ignore[arg-type]


@pytest.mark.usefixtures("terminal")
def test_what_keeps_an_engine_from_the_screen_is_raised() -> None:
    engine = Engine(Snapshot(error="no", fault=UserError("no such data")))
    with pytest.raises(UserError, match="no such data"):
        attaching.attach(engine)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="it broke"):
        attaching.attach(Engine(Snapshot(error="it broke")))  # type: ignore[arg-type]
    engine.stopped = True
    with pytest.raises(UserError, match="this engine was stopped"):
        attaching.attach(engine)  # type: ignore[arg-type]


# A loop of a script


def loop_view(state: State = State.RUNNING, fixed: str = "", **more: Any) -> RunView:
    config = replace(configure({"batch_size": 64}), model="your loop")
    return run_view(state, config=config, loop=LoopView(fixed), digits=None, **more)


@pytest.fixture
def loader() -> list[int]:
    return [1, 2, 3]


def test_without_a_terminal_the_batches_come_and_one_line_says_so(
    loader: list[int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ride, "_said", False)
    for _ in range(2):
        assert list(gd_tui.cockpit(loader)) == loader
    with gd_tui.cockpit(loader) as batches:
        assert len(batches) == 3
        assert batches.index(2) == 1  # the loader's own
        batches.loss(0.5)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gd-tui: no screen: standard ")
    assert line.endswith("; the loop runs without it")


class Window:
    """The screen's process, of which the test is the person."""

    def __init__(self, ask: Callable[[Any], object], gone: Callable[[Any], object]) -> None:
        self.ask, self.gone = ask, gone
        self.shown: list[Snapshot] = []
        self.closed = 0
        windows.append(self)

    def show(self, snapshot: Snapshot, spec: OptimizerSpec | None) -> None:
        self.shown.append(snapshot)
        assert spec is not None

    def close(self) -> None:
        self.closed += 1

    def wait(self) -> None: ...


class Caught:
    def __init__(self, tell: Callable[[str], object]) -> None:
        tell("said by the script")

    def release(self) -> None: ...


windows: list[Window] = []


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[Window]:
    """The screens that were opened: in this process, and never drawn."""
    windows.clear()
    monkeypatch.setattr("tui.ride.session.WindowBeside", Window)
    monkeypatch.setattr("tui.ride.session.Caught", Caught)
    monkeypatch.setattr("tui.ride.session.atexit", SimpleNamespace(register=lambda _stay: None))
    monkeypatch.setattr("tui.ride.session.Session._heed_signals", lambda _self: None)
    monkeypatch.setattr(ride, "missing_terminal", lambda: "")
    monkeypatch.setattr(ride, "_session", None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    return windows


def test_one_screen_stays_through_all_epochs(loader: list[int], window: list[Window]) -> None:
    for _ in range(3):
        assert list(gd_tui.cockpit(loader)) == loader
    assert len(window) == 1
    run = window[0].shown[-1].run
    assert run is not None
    assert [event.text for event in run.events] == ["printed said by the script"]


def test_a_loop_within_the_loop_has_no_screen(loader: list[int], window: list[Window]) -> None:
    inner = [list(gd_tui.cockpit(loader)) for _ in gd_tui.cockpit(loader)]
    assert inner == [loader] * 3
    assert len(window) == 1


def test_a_block_within_the_loop_leaves_the_screen_open(
    loader: list[int], window: list[Window]
) -> None:
    for _ in gd_tui.cockpit(loader):
        with gd_tui.cockpit(loader) as batches:
            assert list(batches) == loader
    assert not window[0].closed


def test_of_loaders_that_are_drawn_from_by_turns_the_first_is_shown(
    loader: list[int], window: list[Window]
) -> None:
    pairs = zip(gd_tui.cockpit(loader), gd_tui.cockpit("abc"), strict=True)
    assert list(pairs) == [*zip(loader, "abc", strict=True)]
    assert len(window) == 1
    assert {shown.run.data.title for shown in window[0].shown if shown.run} == {"list"}


def test_where_a_prompt_is_next_only_a_block_has_the_screen(
    loader: list[int],
    window: list[Window],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ride, "_said", False)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    for _ in range(2):
        assert list(gd_tui.cockpit(loader)) == loader
    assert not window
    (line,) = capsys.readouterr().err.splitlines()
    assert "only `with cockpit(...) as batches` says when" in line
    with gd_tui.cockpit(loader) as batches:
        assert list(batches) == loader
    assert [each.closed for each in window] == [1]


def test_at_the_end_of_a_with_block_the_screen_closes(
    loader: list[int], window: list[Window]
) -> None:
    with gd_tui.cockpit(loader) as batches:
        assert list(batches) == loader
        assert not window[0].closed
    assert window[0].closed == 1
    list(gd_tui.cockpit(loader))
    assert len(window) == 2


def test_whoever_leaves_lets_a_paused_loop_go_on_without_a_screen(
    loader: list[int], window: list[Window]
) -> None:
    seen = []
    for batch in gd_tui.cockpit(loader):
        seen.append(batch)
        if batch == 1:
            window[0].ask(Pause())
            window[0].gone(None)
    assert seen == loader
    assert list(gd_tui.cockpit(loader)) == loader
    assert len(window) == 1


def test_an_ended_loop_ends_now_and_in_the_epochs_to_come(
    loader: list[int], window: list[Window]
) -> None:
    seen = []
    for _ in range(2):
        for batch in gd_tui.cockpit(loader):
            seen.append(batch)
            window[0].ask(EndLoop())
    assert seen == [1]


def test_a_fault_of_the_script_is_told_after_the_screen_has_closed(
    loader: list[int], window: list[Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[type, int]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: told.append((kind, window[0].closed)))
    before = sys.excepthook
    with pytest.raises(ZeroDivisionError):
        sum(1 / (batch - 1) for batch in gd_tui.cockpit(loader))
    sys.excepthook(ZeroDivisionError, ZeroDivisionError(), None)  # as Python does it at last
    assert told == [(ZeroDivisionError, 1)]
    assert sys.excepthook is before


def test_the_session_of_a_script_that_ends_shows_that(
    loader: list[int], window: list[Window]
) -> None:
    session = Session(None, None)
    list(session.iterate(loader))
    session._stay()
    run = window[0].shown[-1].run
    assert run is not None
    assert run.state is State.FINISHED
    assert session.over


# What is printed meanwhile


def test_what_is_printed_is_told_line_by_line_and_written_afterwards(
    capfd: pytest.CaptureFixture[str],
) -> None:
    told: list[str] = []
    caught = output.Caught(told.append)
    os.write(1, b"an output\nand ")
    os.write(2, b"an error\nno end")
    caught.release()
    os.write(1, b" of it\n")
    assert capfd.readouterr().out == "an output\nand an error\nno end of it\n"
    assert told == ["an output", "and an error"]


def test_a_progress_bar_is_read_as_a_person_sees_it() -> None:
    assert output.readable("  1%\r 50%\r\x1b[32m100%\x1b[0m done\r") == "100% done"
    assert len(output.readable("x" * 999)) == 200


# On the screen


def test_only_what_a_loop_can_do_is_offered() -> None:
    now = snapshot(loop_view())
    offered = {id for id, action in ACTIONS.items() if action.applies(now)}
    assert {"pause", "one-update", "epoch", "raise-rate", "double", "quit", "help"} <= offered
    assert not {"fork", "reset", "undo", "strategy-batch", "race", "optimizer"} & offered
    assert cannot_with_loop(ACTIONS["fork"], now)
    assert not cannot_with_loop(ACTIONS["start"], now)  # its key pauses
    assert not cannot_with_loop(ACTIONS["fork"], snapshot(run_view()))


@pytest.mark.parametrize("size", [Size(60, 14), Size(80, 22), THREE_COLUMNS, Size(200, 58)])
def test_panels_that_would_be_empty_have_no_place(size: Size) -> None:
    places = plan(size, loop=True)
    named = {name for place in places for name in place.panels}
    assert {"loss", "progress", "hyperparameters", "events", "explanation"} <= named <= {*PANELS}
    assert not named & {"predictions", "digit", "timeline", "strategy", "run-settings", "layers"}
    regions = arrange(places, {}).values()
    assert all(region.width > 0 and region.height > 1 for region in regions)
    assert sum(region.area for region in regions) == size.area


def test_it_is_said_that_the_loop_is_the_users_and_what_it_cannot() -> None:
    said = " ".join(explain(loop_view()))
    assert "This loop is your own" in said
    assert "need a run of gd_tui.engine" in said
    assert "waits before its next batch" in " ".join(explain(loop_view(State.PAUSED)))
    assert "its data is a stream" in " ".join(explain(loop_view(fixed="its data is a stream")))
    assert "has come to its end" in " ".join(explain(loop_view(State.FINISHED)))


class Remote(FakeEngine):
    """The loop behind a pipe."""

    def __init__(self, run: RunView) -> None:
        super().__init__(snapshot(run))
        self.closed = False


@pytest.mark.parametrize(
    ("keys", "sent", "interrupts"),
    [
        (("q", "q"), [], False),
        (("q", "x"), [EndLoop()], False),
        (("ctrl+c", "ctrl+c"), [], True),
    ],
)
async def test_to_leave_a_loop_may_mean_three_things(
    keys: tuple[str, ...], sent: list[Any], interrupts: bool
) -> None:
    remote = Remote(loop_view())
    app = RideApp(remote, Display())  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("space", keys[0], "escape", keys[0])
        assert isinstance(app.screen, LeaveLoopDialog)
        await pilot.press(keys[1])
        await pilot.pause()
    assert app.interrupts is interrupts
    asked = [each for each in remote.sent if isinstance(each, Pause | Start | EndLoop)]
    assert asked == [Pause(), *sent]


def test_a_screen_closes_when_the_process_of_its_loop_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown_by = window_process.Remote(None, 17)  # type: ignore[arg-type]  # no pipe: not started
    monkeypatch.setattr("os.getppid", lambda: 17)
    assert not shown_by.closed
    monkeypatch.setattr("os.getppid", lambda: 1)
    assert shown_by.closed


async def test_a_loop_that_is_over_is_left_at_once() -> None:
    app = RideApp(Remote(loop_view(State.FINISHED)), Display())  # type: ignore[arg-type]
    async with app.run_test() as pilot:
        await pilot.press("q")
        assert not isinstance(app.screen, LeaveLoopDialog)
    assert not app.interrupts


def test_the_screens_process_is_sent_nothing_that_cannot_travel() -> None:
    from core.loops.loop import Loop

    shown: list[Snapshot] = []
    loop = Loop(publish=shown.append)
    list(loop.iterate([1, 2, 3]))
    loop.finish()
    again = pickle.loads(pickle.dumps(Show(shown[-1], loop.tally.spec)))
    assert again.snapshot.run.state is State.FINISHED
    assert again.spec == loop.tally.spec
    assert again.spec.name not in OPTIMIZERS
    assert isinstance(again.snapshot.run.config, RunConfig)
    assert beside.POSSIBLE
