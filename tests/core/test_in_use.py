"""Two processes on one run's folder: the second is told, until the first has ended in any way."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.saving.folder import InUseError, RunFolder

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from core.saving.folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
folder.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the folder for so long."""
    command = [sys.executable, "-c", HOLD, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


def test_the_second_process_is_told_who_has_the_run_and_what_can_be_done(folder: RunFolder) -> None:
    with held_by_another(folder.path) as process:
        assert folder.in_use
        with pytest.raises(InUseError) as refusal:
            folder.acquire()
        assert refusal.value.holder["pid"] == process.pid
        assert refusal.value.holder["detached"] is False
        assert str(process.pid) in str(refusal.value)
        assert "--fork" in str(refusal.value)
        assert folder.holder()["pid"] == process.pid  # who was refused wrote nothing


def test_a_run_whose_process_was_killed_is_free_at_once(folder: RunFolder) -> None:
    with held_by_another(folder.path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not folder.in_use
        folder.acquire()
        assert RunFolder(folder.path).in_use
        folder.release()
    assert not folder.in_use


def test_a_run_let_go_of_can_be_had_by_another(folder: RunFolder) -> None:
    folder.acquire()
    folder.release()
    with held_by_another(folder.path):
        assert folder.in_use
