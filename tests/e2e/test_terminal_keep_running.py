"""With `--keep-running` a dropped line ends no training: it goes on to its stop condition."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Open
from tests.e2e.test_terminal_session import pause, updates

# So slow that it goes on for a while, and leaves the processor to the other tests meanwhile.
KEPT = ("--keep-running", "--speed", "100", "--model", "softmax", "--summary", "run.json")
FOR_A_WHILE = ("--updates", "200")
ON_SCREEN = ("--start", *KEPT)
WITHOUT = ("run", *KEPT)
TRAINS = {
    ON_SCREEN: partial(re.search, r"updates +[1-9]"),
    WITHOUT: partial(re.search, r"[1-9]\d* updates/s"),
}


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """What the summary says that was left behind."""
    return lambda: json.loads((tmp_path / "run.json").read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("command", "owned"),
    [(ON_SCREEN, False), (WITHOUT, True)],
    ids=["with the screen, not told by SIGHUP", "without, told"],
)
def test_without_its_terminal_it_trains_to_the_stop_condition(
    open_terminal: Open, told: Any, command: tuple[str, ...], owned: bool
) -> None:
    terminal = open_terminal(*command, *FOR_A_WHILE, owned=owned)
    terminal.wait_for(TRAINS[command])
    terminal.hang_up()
    assert terminal.exit_status() == 0
    assert (told()["status"], told()["updates"]) == ("done", 200)


def test_without_a_stop_condition_it_trains_until_it_is_told_to_end(
    open_terminal: Open, told: Any
) -> None:
    terminal = open_terminal(*ON_SCREEN)
    made = updates(terminal.wait_for(TRAINS[ON_SCREEN]))
    terminal.hang_up()
    with pytest.raises(subprocess.TimeoutExpired):
        terminal.exit_status(1.5)
    terminal.send_signal(signal.SIGTERM)
    assert terminal.exit_status() == 130
    assert told()["status"] == "interrupted"
    assert told()["updates"] > made + 100


def test_a_terminal_that_is_still_there_is_left_clean(open_terminal: Open, told: Any) -> None:
    terminal = open_terminal(*ON_SCREEN, *FOR_A_WHILE)
    terminal.wait_for(TRAINS[ON_SCREEN])
    terminal.send_signal(signal.SIGHUP)
    assert terminal.exit_status() == 0
    assert terminal.left_clean
    assert terminal.last_words == []
    assert told()["status"] == "done"


def test_a_run_that_is_paused_waits_for_nobody(open_terminal: Open, told: Any) -> None:
    terminal = open_terminal(*ON_SCREEN)
    terminal.wait_for(TRAINS[ON_SCREEN])
    made = pause(terminal)
    terminal.hang_up()
    assert terminal.exit_status() == 130
    assert told()["status"] == "interrupted"
    assert told()["updates"] == made
