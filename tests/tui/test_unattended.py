"""What a process does whose line was dropped, where that is no reason to end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.snapshot import Loading, Snapshot, State
from tests.tui.scripted_engine import InterruptedEngine, ScriptedEngine
from tests.tui.views import run_view
from tui import unattended
from tui.interruption import Interruption

LOADING = Snapshot(1, Loading("reading MNIST", 0.5))
TRAINS, RESTS, DONE = map(run_view, (State.RUNNING, State.PAUSED, State.FINISHED))


@pytest.fixture(autouse=True)
def _our_streams_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unattended, "let_go_of_the_terminal", lambda: None)


def see_through(engine: ScriptedEngine, *, begun: bool = False) -> bool:
    """See an engine through from its first snapshot on; whether it was said who has its runs."""
    engine.wait(0, 1)
    with Interruption(keep_running=True) as interruption:
        unattended.see_through(engine, interruption, begun=begun)  # type: ignore[arg-type]
    return engine.detached


def test_it_follows_until_nothing_trains_any_more() -> None:
    both = Snapshot(1, None, (run_view(State.RUNNING, id=0), run_view(State.RUNNING, id=1)))
    one = Snapshot(2, None, (run_view(State.DIVERGED, id=0), run_view(State.RUNNING, id=1)))
    none = Snapshot(3, None, (run_view(State.DIVERGED, id=0), run_view(State.FINISHED, id=1)))
    engine = ScriptedEngine(both, one, none)
    assert see_through(engine)
    assert engine.snapshot.revision == 3
    assert engine.sent == []


@pytest.mark.parametrize("run", [RESTS, DONE], ids=["paused", "finished"])
def test_where_nothing_trains_it_is_over_at_once(run: object) -> None:
    engine = ScriptedEngine(run, TRAINS)  # type: ignore[arg-type]
    assert not see_through(engine)
    assert engine.snapshot.revision == 1


def test_a_start_that_was_asked_for_is_waited_for_while_it_loads() -> None:
    ready = Snapshot(2, None, (run_view(State.READY),))
    started = Snapshot(3, None, (TRAINS,), answered=1)
    over = Snapshot(4, None, (DONE,), answered=1)
    engine = ScriptedEngine(LOADING, ready, started, over)
    assert see_through(engine, begun=True)
    assert engine.snapshot.revision == 4
    assert not see_through(ScriptedEngine(LOADING, ready, started, over))


def test_an_engine_that_was_never_started_is_not_waited_for() -> None:
    assert not unattended.under_way(Snapshot(), begun=True)


def test_a_broken_engine_is_not_waited_for() -> None:
    broken = Snapshot(2, None, (TRAINS,), error="RuntimeError: no memory")
    engine = ScriptedEngine(TRAINS, broken)
    assert see_through(engine)
    assert engine.snapshot.revision == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no line to be dropped")
def test_a_second_hangup_does_not_end_it_but_a_polite_kill_does() -> None:
    engine = InterruptedEngine(TRAINS, TRAINS, TRAINS, by=(signal.SIGHUP, signal.SIGTERM))
    assert see_through(engine)
    assert engine.snapshot.revision == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no line to be dropped")
def test_a_file_is_written_on_a_pipe_is_not_and_nothing_is_read(tmp_path: Path) -> None:
    code = (
        "import os, select, sys\n"
        "from tui.unattended import let_go_of_the_terminal\n"
        "print('before', file=sys.stderr, flush=True)\n"
        "let_go_of_the_terminal()\n"
        "print('after', flush=True)\n"
        "print('after', file=sys.stderr, flush=True)\n"
        "assert not select.select([0], [], [], 0)[0]\n"
    )
    with (tmp_path / "log.txt").open("w") as log:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0
    assert done.stderr == "before\n"
    assert (tmp_path / "log.txt").read_text() == "after\n"
