"""A run without a screen, on an engine that shows what the test has written for it."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.commands import Hold, Release, Start
from core.config import configure
from core.errors import UserError
from core.snapshot import Event, Loading, RunView, Snapshot, State
from tests.tui.scripted_engine import InterruptedEngine, ScriptedEngine
from tests.tui.views import moment, run_view
from tui.cli.options import SAVING
from tui.headless import run as headless
from tui.headless.reports import Bar, Lines, event_line, share_done
from tui.headless.run import with_an_end
from tui.interruption import Interruption
from tui.suspension import POSSIBLE, Suspension

CONFIG = configure({"epochs": 1})
LOADING = Snapshot(1, Loading("reading MNIST", 0.5))


def at(updates: int, state: State = State.RUNNING, **changes: Any) -> RunView:
    return run_view(state, updates=updates, config=CONFIG, **changes)


SAVED = {name: setting.default for name, setting in SAVING.items()}


def carry_out(
    engine: ScriptedEngine, *, as_json: bool = False, summary: Path | None = None, **saving: Any
) -> int:
    told = {"as_json": as_json, "plain": True, "summary": summary, "saving": SAVED | saving}
    return headless.run(engine, CONFIG, **told)  # type: ignore[arg-type]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """What was said since: `said().out`, `said().err`."""
    return capsys.readouterr  # type: ignore[return-value]


def test_without_a_stop_condition_it_trains_one_epoch() -> None:
    assert with_an_end(configure({})).epochs == 1
    updates = configure({"updates": 3})
    assert with_an_end(updates) == updates


def test_a_run_is_told_from_loading_to_its_end(said: Any) -> None:
    engine = ScriptedEngine(
        LOADING, LOADING, at(0, State.READY), at(30_000), at(60_000, State.FINISHED)
    )
    assert carry_out(engine) == 0
    lines = said().out.splitlines()
    assert lines[0] == "reading MNIST"
    assert lines[1].startswith("SimpleNet 784-128-10 on MNIST, 60,000 training examples; stoch")
    assert lines[-1].startswith("done")
    assert "60,000 updates" in lines[-1]
    assert engine.sent == [Start()]
    assert not engine.running


def test_each_event_is_told_once(said: Any) -> None:
    events = (
        Event(1, moment(10), "strategy", "batch", "stochastic"),
        Event(2, moment(20), "lr", "0.1", "0.01", "the schedule begins again"),
    )
    engine = ScriptedEngine(
        at(15, events=events[:1]), at(25, events=events), at(60_000, State.FINISHED, events=events)
    )
    carry_out(engine)
    told = said().out
    assert told.count(event_line(events[0])) == 1
    assert told.count("at update 20: learning rate 0.1 → 0.01; the schedule begins again") == 1


def test_with_json_standard_output_is_the_object_and_nothing_else(said: Any) -> None:
    assert carry_out(ScriptedEngine(LOADING, at(60_000, State.FINISHED)), as_json=True) == 0
    output = said()
    assert json.loads(output.out)["status"] == "done"
    assert output.out.count("\n") == 1
    assert "reading MNIST" in output.err


def test_the_summary_file_holds_the_same_object(said: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    carry_out(ScriptedEngine(at(60_000, State.FINISHED)), as_json=True, summary=file)
    assert json.loads(file.read_text()) == json.loads(said().out)


def test_a_diverged_run_fails_and_leaves_its_summary(said: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    run = at(7, State.DIVERGED, reason="the loss of update 8 is not finite", train_loss=None)
    assert carry_out(ScriptedEngine(run), summary=file) == 1
    assert json.loads(file.read_text())["status"] == "diverged"
    assert "diverged (the loss of update 8 is not finite)" in said().out


def test_a_failure_of_the_engine_is_one_line_with_its_cause(said: Any) -> None:
    run = at(7, State.FAILED, reason="RuntimeError: out of \x1b[31mmemory")
    assert carry_out(ScriptedEngine(run), as_json=True) == 1
    output = said()
    assert r"gd-tui: the run failed: RuntimeError: out of \x1b[31mmemory" in output.err.split("\n")
    assert json.loads(output.out)["status"] == "failed"


def test_a_failure_while_loading_is_one_line_too(said: Any) -> None:
    broken = Snapshot(2, None, error="OSError: no space", fault=OSError("no space"))
    assert carry_out(ScriptedEngine(LOADING, broken)) == 1
    assert said().err == "gd-tui: the run failed: OSError: no space\n"


def test_what_the_user_can_mend_is_raised_and_leaves_no_summary(tmp_path: Path) -> None:
    fault = UserError("device: there is no cuda here", setting="device")
    engine = ScriptedEngine(LOADING, Snapshot(2, None, error=str(fault), fault=fault))
    with pytest.raises(UserError, match="no cuda"):
        carry_out(engine, summary=tmp_path / "run.json")
    assert not engine.running
    assert not list(tmp_path.iterdir())


def test_an_interrupted_run_tells_how_far_it_came(said: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    engine = InterruptedEngine(LOADING, at(500), at(501))
    assert carry_out(engine, summary=file) == 130
    told = json.loads(file.read_text())
    assert (told["status"], told["updates"]) == ("interrupted", 501)
    assert engine.sent == [Start()]
    assert "interrupted: " in said().out


def test_a_run_interrupted_while_loading_leaves_a_summary_of_nothing(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    assert carry_out(InterruptedEngine(LOADING, LOADING), summary=file) == 130
    assert json.loads(file.read_text())["updates"] == 0


def test_signals_are_only_noted_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        for _ in range(2):  # a closing terminal sends two
            os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.asked
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_second_ctrl_c_goes_through() -> None:
    with Interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
        assert not interruption.asked
    finally:
        signal.signal(signal.SIGHUP, before)


class Deaf(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_lines_that_nobody_reads_end_the_run() -> None:
    lines, engine = Lines(Deaf()), ScriptedEngine(at(10), at(20, State.PAUSED))
    with Interruption() as interruption:
        snapshot = headless.follow(engine, headless.Teller(lambda: lines), interruption)  # type: ignore[arg-type]
    assert lines.closed
    assert snapshot.run
    assert snapshot.run.at.updates == 20


only_where_lines_drop = pytest.mark.skipif(
    not hasattr(signal, "SIGHUP"), reason="there is no such signal"
)


@only_where_lines_drop
def test_a_run_that_is_to_keep_running_outlives_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    happened: list[str] = []
    monkeypatch.setattr(headless, "let_go_of_the_terminal", lambda: happened.append("let go"))
    engine = InterruptedEngine(
        at(10), at(20), at(60_000, State.FINISHED), by=(signal.SIGHUP, signal.SIGHUP)
    )
    file = tmp_path / "run.json"
    assert carry_out(engine, summary=file, keep_running=True) == 0
    assert happened == ["let go"]
    assert engine.detached
    assert engine.sent == [Start()]
    assert json.loads(file.read_text())["status"] == "done"


@only_where_lines_drop
def test_without_being_told_so_it_does_not(tmp_path: Path) -> None:
    engine = InterruptedEngine(at(10), at(20), at(30, State.PAUSED), by=(signal.SIGHUP,))
    file = tmp_path / "run.json"
    assert carry_out(engine, summary=file) == 130
    assert json.loads(file.read_text())["status"] == "interrupted"


def test_a_run_that_is_to_keep_running_needs_nobody_who_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(headless, "let_go_of_the_terminal", lambda: None)
    reports = [Lines(Deaf()), Lines(io.StringIO())]
    engine = ScriptedEngine(at(10), at(20), at(60_000, State.FINISHED))
    with Interruption(keep_running=True) as interruption:
        teller = headless.Teller(lambda: reports.pop(0))
        snapshot = headless.follow(engine, teller, interruption)  # type: ignore[arg-type]
    assert snapshot.run
    assert snapshot.run.state is State.FINISHED


@pytest.mark.skipif(not POSSIBLE, reason="no process can be stopped here")
def test_while_the_process_is_stopped_the_run_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_: Suspension) -> None:
        assert engine.sent == [Start(), Hold()]
        assert engine.snapshot.revision == 3
        engine.sent.clear()
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Suspension, "stop", stop)
    held = Snapshot(3, None, (at(20),), held=True)
    engine = InterruptedEngine(at(10), at(20), held, by=(signal.SIGTSTP,))
    assert carry_out(engine) == 130
    assert engine.sent == [Release()]


def test_plain_lines_come_with_each_evaluation_and_not_between() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    run = at(10_000)
    assert run.evaluation
    for updates in (10_000, 10_100, 10_200):
        lines.show(replace(run, at=moment(updates)))
    assert stream.getvalue().count("\n") == 1
    lines.show(replace(run, evaluation=replace(run.evaluation, at=moment(20_000))))
    assert stream.getvalue().count("\n") == 2
    assert "test accuracy" in stream.getvalue()


def test_the_bar_leaves_its_lines_and_takes_itself_away() -> None:
    stream = io.StringIO()
    bar = Bar(stream)
    bar.load(Loading("loading torch", 0.5))
    bar.show(at(30_000))
    bar.say("a line [that] stays :smile:")
    bar.close()
    assert "a line [that] stays :smile:\n" in stream.getvalue()


class LostTerminal(io.StringIO):
    """A terminal whose window is closed after its first `writes`."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self._writes = writes

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._writes -= 1
        if self._writes < 0:
            raise OSError(errno.EIO, "Input/output error")
        return super().write(text)


@pytest.mark.parametrize("writes", [0, 1, 5])
def test_the_bar_of_a_lost_terminal_is_closed_without_a_fault(writes: int) -> None:
    bar = Bar(LostTerminal(writes))
    for _ in range(8):
        bar.say("a line")
    bar.show(at(30_000))
    bar.close()
    assert bar.closed


@pytest.mark.parametrize("writes", [0, 1, 5])
def test_a_lost_terminal_ends_the_run_with_its_summary(
    writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", LostTerminal(writes))
    events = tuple(Event(n, moment(n), "seed", after="1") for n in range(1, 9))
    engine = ScriptedEngine(at(10, events=events), at(60_000, State.FINISHED))
    file = tmp_path / "summary.json"
    headless.run(  # type: ignore[arg-type]
        engine, CONFIG, as_json=False, plain=False, summary=file, saving=SAVED
    )
    assert not engine.running
    assert json.loads(file.read_text())["status"] in ("done", "interrupted")


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "gone"), ValueError("closed file")])
def test_a_report_that_cannot_be_closed_costs_neither_the_summary_nor_the_engine(
    fault: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close(_: Lines) -> None:
        raise fault

    monkeypatch.setattr(Lines, "close", close)
    engine = ScriptedEngine(at(60_000, State.FINISHED))
    assert carry_out(engine, summary=tmp_path / "summary.json") == 0
    assert (tmp_path / "summary.json").exists()
    assert not engine.running


@pytest.mark.parametrize(
    ("given", "share"),
    [
        ({"epochs": 2}, 0.25),
        ({"updates": 60_000}, 0.5),
        ({"epochs": 2, "updates": 60_000}, 0.5),
        ({"epochs": 1, "updates": 10}, 1.0),
        ({"target_accuracy": 0.9}, None),
    ],
)
def test_the_bar_leads_to_the_nearest_stop_condition(
    given: dict[str, object], share: float | None
) -> None:
    assert share_done(run_view(updates=30_000, config=configure(given))) == share
