"""The terminal goes away while the app trains: its window was closed, its connection was cut."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.conftest import Open

SECONDS = 30.0  # within which a process without a terminal must have ended
SLOWLY = ("--model", "softmax", "--speed", "100", "--summary", "run.json")


@pytest.mark.parametrize("told", [True, False], ids=["told by SIGHUP", "not told"])
@pytest.mark.parametrize(
    ("command", "trains"),
    [(("--start",), r"updates +[1-9]"), (("run", "--epochs", "1000"), r"[1-9]\d* updates/s")],
    ids=["with the screen", "without"],
)
def test_a_process_that_lost_its_terminal_leaves_its_summary_and_ends(
    open_terminal: Open, tmp_path: Path, command: tuple[str, ...], trains: str, told: bool
) -> None:
    terminal = open_terminal(*command, *SLOWLY, owned=told)
    terminal.wait_for(partial(re.search, trains))
    terminal.hang_up()
    assert terminal.exit_status(SECONDS) == 130
    summary = json.loads((tmp_path / "run.json").read_text())
    assert summary["status"] == "interrupted"
    assert summary["updates"] > 0
