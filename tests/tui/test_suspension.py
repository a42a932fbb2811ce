"""Ctrl-Z: what trains rests while the process is stopped, and just that goes on afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from core.commands import Hold, Release
from core.snapshot import Snapshot, State
from tests.tui.fake_engine import FakeEngine
from tests.tui.piloted import piloted
from tests.tui.views import run_view
from tui.suspension import POSSIBLE, Rest, Suspension

only_where_possible = pytest.mark.skipif(not POSSIBLE, reason="no process can be stopped here")


def test_everything_is_held_and_released() -> None:
    engine = FakeEngine()
    rest = Rest(engine)
    assert engine.sent == [Hold()]
    assert not rest.reached
    engine.publish(held=True)
    assert rest.reached
    rest.end()
    assert engine.sent[1:] == [Release()]


def test_what_loads_trains_nothing_that_could_be_held() -> None:
    assert Rest(FakeEngine(Snapshot())).reached


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
