"""How the command opens the app, and what it makes of the way the app was left."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from core.config import RunConfig, configure
from core.errors import UserError
from core.snapshot import Snapshot, State
from tests.tui.cli_helpers import Call
from tests.tui.views import run_view
from tui.cli.options import SAVING, SCREEN
from tui.onscreen import missing_terminal, open_app

DEFAULTS = {name: setting.default for name, setting in SCREEN.items()}
SAVED = {name: setting.default for name, setting in SAVING.items()}


class Terminal:
    """A stream that is a terminal, or is not."""

    def __init__(self, there: bool = True) -> None:
        self._there = there

    def isatty(self) -> bool:
        return self._there


def leave(
    monkeypatch: pytest.MonkeyPatch,
    shown: Snapshot,
    return_code: int | None = 0,
    summary: Path | None = None,
) -> int:
    """Open an app that is left at once, with its engine showing `shown`; the exit status."""

    class LeftApp:
        def __init__(self, engine: Any, *_: object, **__: object) -> None:
            self.engine = engine
            self.return_code = return_code

        def run(self, *, mouse: bool) -> None:
            assert mouse
            self.engine.snapshot = shown

    monkeypatch.setattr("tui.app.CockpitApp", LeftApp)
    return open_app(configure({}), DEFAULTS, SAVED, summary)


def showing(state: State, **changes: Any) -> Snapshot:
    return Snapshot(1, None, (run_view(state, updates=1000, **changes),))


@pytest.mark.parametrize(
    ("state", "return_code", "status", "exit_status"),
    [
        (State.FINISHED, 0, "done", 0),
        (State.PAUSED, None, "stopped", 0),
        (State.RUNNING, 0, "stopped", 0),
        (State.RUNNING, 130, "interrupted", 130),
        (State.DIVERGED, 0, "diverged", 0),
        (State.DIVERGED, 1, "diverged", 1),
        (State.FAILED, 0, "failed", 1),
    ],
)
def test_the_summary_and_the_exit_status_tell_how_the_app_was_left(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    state: State,
    return_code: int | None,
    status: str,
    exit_status: int,
) -> None:
    file = tmp_path / "run.json"
    assert leave(monkeypatch, showing(state), return_code, file) == exit_status
    told = json.loads(file.read_text())
    assert (told["status"], told["updates"]) == (status, 1000)


def test_a_fault_that_the_user_can_mend_is_raised_once_the_app_has_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = UserError("the data file is damaged")
    with pytest.raises(UserError, match="damaged"):
        leave(monkeypatch, Snapshot(1, None, error=str(fault), fault=fault), return_code=2)


def test_a_failure_is_said_in_one_line_once_the_app_has_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leave(monkeypatch, showing(State.FAILED, reason="RuntimeError: no memory")) == 1
    assert capsys.readouterr().err == "gd-tui: the run failed: RuntimeError: no memory\n"


@pytest.mark.parametrize("absent", ["stdin", "stdout", "stderr"])
def test_the_app_needs_a_terminal_on_every_side(
    monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal())
    assert missing_terminal() == ""
    monkeypatch.setattr(sys, absent, Terminal(there=False))
    assert "is not a terminal" in missing_terminal()


def test_a_dumb_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert "TERM=dumb" in missing_terminal()


def test_what_is_given_reaches_the_app(
    monkeypatch: pytest.MonkeyPatch, call: Call, config_file: Path
) -> None:
    opened: list[tuple[RunConfig, dict[str, Any], dict[str, Any]]] = []

    def note(config: RunConfig, screen: dict[str, Any], saving: dict[str, Any], *_: object) -> int:
        opened.append((config, screen, saving))
        return 0

    monkeypatch.setattr("tui.onscreen.missing_terminal", lambda: "")
    monkeypatch.setattr("tui.onscreen.open_app", note)
    config_file.write_text("fps = 5\nkeep_running = true")
    monkeypatch.setenv("GD_TUI_ASCII", "on")
    said = call("--start", "--quit", "--no-mouse", "--theme", "light", "--batch-size", "32")
    assert said.status == 0
    [(config, screen, saving)] = opened
    assert screen == {
        "start": True,
        "quit": True,
        "ascii": True,
        "mouse": False,
        "fps": 5,
        "theme": "light",
    }
    assert saving["keep_running"]
    assert config == configure({"batch_size": 32})
    assert not config.stops
