"""A run that is killed at a hundred random moments, with real processes and real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are copied")
def test_a_run_killed_at_any_moment_goes_on_from_its_last_save(tmp_path: Path) -> None:
    lives = subprocess.run(
        [sys.executable, "-m", "tests.core.killed", str(tmp_path / "runs"), str(KILLS)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert lives.returncode == 0, lives.stderr
    account = json.loads(lives.stdout)
    assert account["kills"] == KILLS
    assert account["further"] >= 5  # so often, at least, it was saved before it was killed again
