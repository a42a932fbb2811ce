"""Disks that are full, folders that may not be written to or have gone: training goes on."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.commands import Advance, Change, Undo
from core.saving import desk as desks
from core.saving import journal
from core.saving.desk import Desk, Work
from core.saving.keeper import saved_of
from core.saving.resume import find, newest
from tests.core.conftest import same_bits
from tests.core.saved import (
    asked,
    begun,
    folder_of,
    folders,
    journal_of,
    resumed,
    saved_weights,
    saving,
    seen,
    small,
    the_run,
    trained_weights,
)

pytestmark = pytest.mark.usefixtures("small")
resource = pytest.importorskip("resource")
assert small

JOURNAL_FULL, CHECKPOINT_FULL = 100, 20_000  # bytes that a file may grow beyond the journal's


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """No file of this process can be written beyond so many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def as_nobody() -> Iterator[None]:
    """The administrator may write anywhere: for once it is somebody else."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("room", [JOURNAL_FULL, CHECKPOINT_FULL])
def test_on_a_full_disk_training_goes_on_and_saving_resumes_when_there_is_room(
    tmp_path: Path, room: int
) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(100))
    folder = folder_of(engine)
    with no_file_beyond(folder.journal.stat().st_size + room):
        asked(engine, Advance(50), Change("lr", 0.02), Undo(), Advance(10))
        told = saving(engine)
        assert told.trouble == "not saved since update 100: File too large"
        assert seen(engine).at.updates == 160
        assert newest(folder).saved.checkpoint.at.updates == 100
        assert journal.read(folder.journal)  # no line of it is torn
    assert saving(engine).trouble == ""
    assert len(folders(tmp_path)) == 1
    journal_of(engine)
    assert newest(folder).saved.checkpoint.at.updates == 160
    assert same_bits(saved_weights(folder), trained_weights(engine))
    assert len(folder.checkpoints()) == 2
    engine.close()


def test_a_run_that_cannot_be_saved_from_its_beginning_leaves_nothing_half_made(
    tmp_path: Path,
) -> None:
    engine = begun(tmp_path / "runs")
    with no_file_beyond(30):
        asked(engine, Advance(20))
        assert saving(engine).trouble == "not saved: File too large"
        assert folders(tmp_path / "runs") == []
        asked(engine, Advance(20))
        assert "File too large" in saving(engine).trouble
        assert folders(tmp_path / "runs") == []
    assert saving(engine).trouble == ""
    journal_of(engine)
    assert len(folders(tmp_path / "runs")) == 1
    engine.close()


def test_where_a_folder_may_not_be_written_to_it_is_said_and_tried_again() -> None:
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    try:
        _train_in_a_folder_that_is_closed(place / "runs")
    finally:
        shutil.rmtree(place)


def _train_in_a_folder_that_is_closed(runs: Path) -> None:
    runs.mkdir()
    if os.geteuid() == 0:
        os.chown(runs, 65534, -1)
    with as_nobody():
        engine = begun(runs)
        runs.chmod(0o555)
        asked(engine, Advance(20))
        assert saving(engine).trouble == "not saved: Permission denied"
        runs.chmod(0o755)
        assert saving(engine).trouble == ""
        folder = folder_of(engine)
        for mode in (0o555, 0o000):
            folder.path.chmod(mode)
            at = seen(engine).at.updates
            asked(engine, Advance(30))
            told = saving(engine).trouble
            assert told == f"not saved since update {at}: Permission denied"
            assert seen(engine).at.updates == at + 30
            folder.path.chmod(0o755)
            assert saving(engine).trouble == ""
            assert newest(folder).saved.checkpoint.at.updates == at + 30
        journal_of(engine)
        assert len(folders(runs)) == 1
        engine.close()


def test_a_folder_removed_while_training_is_followed_by_one_that_begins_where_the_run_is(
    tmp_path: Path,
) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(100), Change("lr", 0.02), Advance(10))
    lost = folder_of(engine)
    shutil.rmtree(lost.path)
    asked(engine, Advance(50))
    assert saving(engine).trouble == ""
    folder = folder_of(engine)
    heading, _ = journal_of(engine)
    assert heading.start == "start"
    assert find(folder.attached("start")).saved.checkpoint.line == heading.first > 0
    asked(engine, Undo(), Advance(5))  # to a moment of which only the lost journal told
    _, lines = journal_of(engine)
    (back,) = [line for line in lines if line.what == "return"]
    moment = find(folder.attached(back.told.fields("to").text("file")))
    assert moment.saved.checkpoint.at.updates == 100
    engine.close()
    again = resumed(folder)
    assert same_bits(trained_weights(again), trained_weights(engine))
    again.close()


def test_a_folder_found_removed_at_the_end_does_not_lose_the_run(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(100))
    shutil.rmtree(folder_of(engine).path)
    the_run(engine).log.note("looked", 100)  # something to write, and nothing to save
    engine.close()
    (folder,) = folders(tmp_path)
    assert newest(folder).saved.checkpoint.at.updates == 100


def test_what_was_saved_is_not_saved_twice_when_only_its_last_file_failed(tmp_path: Path) -> None:
    engine = begun(tmp_path)
    asked(engine, Advance(100))
    folder = folder_of(engine)
    in_the_way = folder.path / ".status.json.tmp"
    in_the_way.mkdir()
    asked(engine, Advance(50))
    for _ in range(3):
        assert saving(engine).trouble.startswith("not saved since update 150: ")
    before = folder.checkpoints()[0]
    in_the_way.rmdir()
    assert saving(engine).trouble == ""
    assert folder.checkpoints()[0] == before
    assert folder.status()["updates"] == 150
    _, lines = journal_of(engine)
    assert len({line.told.text("sha256") for line in lines if line.what == "weights"}) == 2
    assert sum(line.what == "weights" for line in lines) == 2
    engine.close()


def test_whatever_goes_wrong_in_writing_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("there is\nno more")

    engine = begun(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(desks, "encode", broken)
        asked(engine, Advance(20))
        assert saving(engine).trouble == "not saved: there is no more"
    assert saving(engine).trouble == ""
    journal_of(engine)
    engine.close()


def test_it_is_tried_again_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").touch()
    engine = begun(tmp_path / "runs")
    assert engine._keeper
    asked(engine, Advance(20))
    assert "it is a file" in saving(engine).trouble
    ((charge),) = engine._keeper._charges.values()
    assert 0 < charge.desk.due - time.monotonic() < 5  # seconds
    monkeypatch.setattr(desks, "_RETRY_SECONDS", 0.001)
    saving(engine)
    (tmp_path / "runs").unlink()
    writer = engine._keeper._writer
    with writer._news:
        assert writer._news.wait_for(lambda: not charge.desk.waiting, timeout=10)
    assert saving(engine).trouble == ""
    engine.close()


def test_lines_that_follow_a_save_come_after_its_hash(tmp_path: Path) -> None:
    engine = begun(None)
    asked(engine, Advance(20))
    run = the_run(engine)
    desk = Desk(tmp_path, journal.Heading("run 1", run.trainer.config, run.data.spec, 2))
    desk.put(Work([{"n": 1, "t": 0.0, "update": 0, "what": "a"}], {}, _saved(engine, 1)))
    desk.put(Work([{"n": 2, "t": 0.0, "update": 20, "what": "b"}]))
    desk.write()
    assert desk.saving.trouble == ""
    assert desk.folder
    _, lines = journal.read(desk.folder.journal)
    assert [(line.n, line.what) for line in lines] == [(1, "a"), (1, "weights"), (2, "b")]


def test_a_new_journal_leads_to_no_line_of_the_lost_one(tmp_path: Path) -> None:
    engine = begun(None)
    asked(engine, Advance(20))
    run = the_run(engine)
    desk = Desk(tmp_path, journal.Heading("run 1", run.trainer.config, run.data.spec, 2))
    desk.put(Work([], {}, _saved(engine, 0)))
    desk.write()
    assert desk.folder
    shutil.rmtree(desk.folder.path)
    back = {"n": 8, "t": 0.0, "update": 20, "what": "return", "to": {"n": 3, "update": 5}}
    desk.put(Work([back], {}, _saved(engine, 7)))
    desk.write()
    assert desk.wants_all
    assert not desk.waiting
    assert desk.saving.trouble == "not saved since update 20: the folder has gone"
    desk.put(Work([], {}, _saved(engine, 8)))
    desk.write()
    assert desk.saving.trouble == ""
    heading, lines = journal.read(desk.folder.journal)
    assert heading.first == 8
    assert [line.what for line in lines] == ["weights"]


def test_lines_that_nobody_can_write_down_take_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "_MOST_LINES", 50)
    (tmp_path / "runs").touch()
    engine = begun(tmp_path / "runs")
    asked(engine, *(Advance(1) for _ in range(60)))
    (tmp_path / "runs").unlink()
    asked(engine, Advance(1))
    assert saving(engine).trouble == ""
    heading, _ = journal_of(engine)
    assert heading.start == "start"
    assert heading.first > 50
    engine.close()


def _saved(engine: object, line: int) -> object:
    """The run as it would be saved after so many lines."""
    run = the_run(engine)  # type: ignore[arg-type]
    run.log.last = line
    return saved_of(run)
