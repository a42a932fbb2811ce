"""Processes and terminals, away from the settings of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from tests.e2e.terminal import Terminal

ROOT = Path(__file__).parents[2]
collect_ignore_glob = ["test_terminal*"] if sys.platform == "win32" else []  # it has no pty
_NOT_OURS = ("GD_TUI_", "TEXTUAL", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")


class Open(Protocol):
    """`open("--start", TERM="dumb")`: gd-tui in a terminal, with options and an environment."""

    def __call__(
        self, *args: str, owned: bool = True, shell: bool = False, **env: str
    ) -> Terminal: ...


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with a good terminal, an empty config file, and nothing else set."""
    (tmp_path / "config.toml").touch()
    kept = {name: v for name, v in os.environ.items() if not name.startswith(_NOT_OURS)}
    return kept | {
        "GD_TUI_CONFIG": str(tmp_path / "config.toml"),
        "GD_TUI_RUNS": str(tmp_path / "runs"),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


@pytest.fixture
def surroundings(env: dict[str, str], tmp_path: Path) -> dict[str, Any]:
    """Where and how to start a process without a terminal."""
    return {"env": env, "cwd": tmp_path, "text": True, "stdin": subprocess.DEVNULL}


@pytest.fixture
def open_terminal(env: dict[str, str], tmp_path: Path) -> Iterator[Open]:
    """Opens terminals that are closed when the test is over."""
    from tests.e2e.terminal import Terminal

    opened: list[Terminal] = []

    def open_one(*args: str, owned: bool = True, shell: bool = False, **more: str) -> Terminal:
        opened.append(Terminal(*args, env=env | more, cwd=tmp_path, owned=owned, shell=shell))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.close()
