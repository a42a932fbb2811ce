"""With `--keep-running` a dropped line ends no training: it goes on to its stop condition."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Open
from tests.e2e.terminal import Terminal

KEPT = ("--keep-running", "--model", "softmax", "--summary", "run.json")
ON_SCREEN = ("--start", *KEPT)
WITHOUT = ("run", *KEPT)
TRAINS = {ON_SCREEN: r"updates +[1-9]", WITHOUT: r"[1-9],\d\d\d updates/s"}


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """What the summary says that was left behind."""
    return lambda: json.loads((tmp_path / "run.json").read_text())


def begun(terminal: Terminal, command: tuple[str, ...]) -> Terminal:
    terminal.wait_for(partial(re.search, TRAINS[command]))
    return terminal


@pytest.mark.parametrize("owned", [True, False], ids=["told by SIGHUP", "not told"])
@pytest.mark.parametrize("command", TRAINS, ids=["with the screen", "without"])
def test_without_its_terminal_it_trains_to_the_stop_condition(
    open_terminal: Open, told: Any, command: tuple[str, ...], owned: bool
) -> None:
    terminal = begun(open_terminal(*command, "--seconds", "2", owned=owned), command)
    terminal.hang_up()
    assert terminal.exit_status() == 0
    assert told()["status"] == "done"
    assert told()["train_seconds"] >= 2
