"""The command line, called away from the settings of whoever runs the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tui.cli_helpers import Call, Said
from tui.cli.command import main


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's config file would be; it does not exist yet. No environment either."""
    path = tmp_path / "config.toml"
    monkeypatch.setattr("tui.cli.given.default_path", lambda: path)
    monkeypatch.setattr("tui.cli.saving.default_runs", lambda: tmp_path / "runs")
    for name in [name for name in os.environ if name.startswith("GD_TUI_")]:
        monkeypatch.delenv(name)
    return path


@pytest.fixture
def call(config_file: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """`call("run", "--seed", "3")`: the exit status, and what was said."""
    assert not config_file.exists()

    def call(*args: str) -> Said:
        status = main(args)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return call
