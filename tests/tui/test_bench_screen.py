"""Watching processes: what is read from them, and what is made of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("it has no pseudo-terminals", allow_module_level=True)

from tui.bench import memory
from tui.bench.process import MissingError, Place, Watched
from tui.bench.programme import _environment
from tui.bench.screen import quantile
from tui.bench.training import Note, Training, pace


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(dict(os.environ), tmp_path)


def python(code: str) -> tuple[str, str, str]:
    return (sys.executable, "-c", code)


def test_a_process_on_a_terminal_sees_its_size_and_is_read(place: Place) -> None:
    code = "import os, sys; print(sys.stdin.isatty(), os.get_terminal_size())"
    with Watched(python(code), place) as process:
        moment = process.wait_for(rb"True os.terminal_size\(columns=120, lines=40\)", "the size")
        assert moment > process.began
        assert process.wait() == 0


def test_a_key_reaches_the_process(place: Place) -> None:
    with Watched(python("print('asked', input('?') * 2)"), place) as process:
        process.wait_for(rb"\?", "a question")
        pressed = process.press("ab\n")
        assert process.wait_for(b"asked abab", "an answer") > pressed


def test_without_a_terminal_bytes_come_through_a_pipe_and_are_counted(place: Place) -> None:
    code = "import sys; sys.stdout.write('x' * 100_000); assert not sys.stdout.isatty()"
    with Watched(python(code), place, terminal=False) as process:
        assert process.watch(60) == 100_000
        assert process.wait() == 0


def test_what_never_comes_is_said_once_the_process_has_ended(place: Place) -> None:
    with (
        Watched(python("print('nothing of it')"), place) as process,
        pytest.raises(MissingError, match="not measured: a miracle did not show"),
    ):
        process.wait_for(b"miracle", "a miracle")


def test_silence_is_waited_for(place: Place) -> None:
    with Watched(python("print('x' * 100_000); input()"), place) as process:
        process.wait_for(b"x" * 100, "a beginning")
        process.drain(0.2, "a pause")
        assert process.watch(0.05) == 0


def test_a_process_is_over_when_it_is_not_watched_any_more(place: Place) -> None:
    with Watched(python("import os; print(f'<{os.getpid()}>'); input()"), place) as process:
        process.wait_for(rb"<\d+>", "a number")
    assert process._process.returncode is not None


def test_a_peak_of_memory_is_that_of_the_process_alone(place: Place) -> None:
    mebi = 1 << 20
    small, large = (
        memory.peak(
            "python", python(f"x = bytearray({size}); x[::4096] = x[::4096]"), place, terminal=False
        )
        for size in (0, 200 * mebi)
    )
    assert small.value
    assert large.value
    assert small.value < 100
    assert 190 < large.value - small.value < 215
    assert small.unit == "MiB"


def test_a_process_that_fails_has_no_peak(place: Place) -> None:
    with pytest.raises(MissingError, match="not measured: python failed"):
        memory.peak("python", python("raise SystemExit(3)"), place, terminal=False)


def test_the_pace_is_taken_between_the_first_note_and_the_last() -> None:
    notes = [Note(10.0, 500.0), Note(11.0, 800.0), Note(14.0, 2_500.0)]
    assert pace(notes) == 500.0


@pytest.mark.parametrize("screen", [True, False])
def test_a_real_run_is_followed_from_its_first_update_on(place: Place, screen: bool) -> None:
    options = ("--model", "softmax", "--batch-size", "600", "--eval-every", "epoch")
    endless = (*options, "--epochs", "1000000")
    with Training(endless, Place(_environment(place.folder), place.folder), screen=screen) as run:
        assert run.first_update() > run.began
        assert run.updates_per_second(0.2) > 0


def test_a_run_that_cannot_begin_is_missed_at_once(place: Place) -> None:
    with (
        Training(("--lr", "fast"), place) as run,
        pytest.raises(MissingError, match="training did not begin"),
    ):
        run.first_update()


def test_a_quantile_is_one_of_the_values() -> None:
    delays = [float(value) for value in range(40, 0, -1)]
    assert [quantile(delays, share) for share in (0.5, 0.95, 1.0)] == [20.0, 38.0, 40.0]
    assert quantile([7.0], 0.5) == 7.0
