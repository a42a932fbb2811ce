"""Ctrl-Z: what trains rests while the process is stopped, and just that goes on afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from core.commands import Pause, Start
from core.snapshot import State
from tests.tui.fake_engine import FakeEngine
from tests.tui.piloted import piloted
from tests.tui.views import run_view
from tui.suspension import POSSIBLE, Rest, Suspension

only_where_possible = pytest.mark.skipif(not POSSIBLE, reason="no process can be stopped here")


def show(engine: FakeEngine, *states: State) -> FakeEngine:
    engine.publish(*(run_view(state, id=id) for id, state in enumerate(states)))
    return engine


def test_what_trains_is_paused_and_goes_on_but_for_what_came_to_its_end() -> None:
    engine = show(FakeEngine(), State.RUNNING, State.PAUSED, State.RUNNING)
    rest = Rest(engine)
    assert (engine.sent, engine.sent_to) == ([Pause(), Pause()], [0, 2])
    assert not rest.reached
    show(engine, State.PAUSED, State.PAUSED, State.RUNNING)
    assert not rest.reached
    show(engine, State.PAUSED, State.PAUSED, State.FINISHED)
    assert rest.reached
    rest.end()
    assert (engine.sent[2:], engine.sent_to[2:]) == ([Start()], [0])


def test_where_nothing_trains_there_is_nothing_to_wait_for() -> None:
    engine = show(FakeEngine(), State.READY, State.DIVERGED)
    rest = Rest(engine)
    assert rest.reached
    rest.end()
    assert engine.sent == []


@only_where_possible
def test_being_told_to_stop_is_only_noted() -> None:
    heard = []
    with Suspension(on_asked=lambda: heard.append("asked")) as suspension:
        assert not suspension.asked
        signal.raise_signal(signal.SIGTSTP)
        assert suspension.asked
    assert heard == ["asked"]
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL


@only_where_possible
def test_a_ctrl_z_that_was_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        with Suspension() as suspension:
            signal.raise_signal(signal.SIGTSTP)
            assert not suspension.asked
        assert signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)


@only_where_possible
def test_without_a_shell_to_come_back_from_nothing_stops() -> None:
    code = "from tui.suspension import Suspension; print(Suspension().stop())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
    )
    assert done.stdout == "False\n", done.stderr


async def test_where_no_process_can_be_stopped_the_key_says_so() -> None:
    async with piloted(run_view(State.RUNNING)) as on:
        assert await on.press("ctrl+z") == []
        assert "cannot stop a process" in on.text
