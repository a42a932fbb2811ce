"""Ctrl-Z gives the terminal back to the shell; `fg` brings back what was there, and trains on."""

from __future__ import annotations

import json
import re
import signal
from functools import partial
from pathlib import Path

from tests.e2e.conftest import Open
from tests.e2e.terminal import Terminal
from tests.e2e.test_terminal_session import all_panels, pause, updates

TRAINING = ("--seconds", "2", "--model", "softmax", "--eval-every", "100,000,000")
SECONDS = (*TRAINING, "--no-save", "--summary", "run.json")
AWAY = 2.5  # seconds: more than it may train


def stay_away(terminal: Terminal) -> None:
    """Wait until the terminal is the shell's, and for some time more; then bring the job back."""
    terminal.wait_for("stopped")
    assert terminal.left_clean
    terminal.wait_until_still(AWAY)
    terminal.press("line feed")


def trained_as_told(file: Path) -> bool:
    told = json.loads(file.read_text())
    return told["status"] == "done" and 2 <= told["train_seconds"] < AWAY


def test_the_app_comes_back_whole_and_its_clock_stood_still(
    open_terminal: Open, tmp_path: Path
) -> None:
    terminal = open_terminal(*SECONDS, shell=True)
    terminal.wait_for("READY")
    terminal.wait_for(all_panels)
    terminal.press(" ")
    terminal.wait_for(lambda text: updates(text) > 100)
    made = pause(terminal)

    # What was paused is still paused; and the stop may have been one that nobody can hear.
    shown = ""
    for stop in (signal.SIGTSTP, signal.SIGTSTP, signal.SIGSTOP):
        terminal.send_signal(stop)
        terminal.wait_for("stopped")
        terminal.press("line feed")
        terminal.wait_for(lambda text, shown=shown: text == shown if shown else all_panels(text))
        terminal.wait_until_still(0.5)  # a signal that nobody hears would cut a frame in two
        shown = terminal.text
    assert updates(shown) == made

    # What trained trains on, to its stop condition and not beyond.
    terminal.press(" ")
    terminal.wait_for(lambda text: updates(text) > made)
    terminal.press("ctrl+z")
    stay_away(terminal)
    terminal.wait_for("FINISHED")
    assert all_panels(terminal.text)

    terminal.press("q", "q")
    assert terminal.exit_status() == 0
    assert terminal.left_clean
    assert trained_as_told(tmp_path / "run.json")


def test_without_a_screen_the_bar_comes_back_and_the_clock_stood_still(
    open_terminal: Open, tmp_path: Path
) -> None:
    terminal = open_terminal("run", *SECONDS, shell=True)
    terminal.wait_for(partial(re.search, r"%.* updates/s"))
    terminal.press("ctrl+z")
    stay_away(terminal)
    terminal.wait_for(partial(re.search, r"%.* updates/s"))
    assert terminal.exit_status() == 0
    assert terminal.left_clean
    assert "done (stopped after 2.0 training seconds)" in terminal.text
    assert trained_as_told(tmp_path / "run.json")
