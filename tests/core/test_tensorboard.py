"""TensorBoard's files, read back by TensorBoard: every run in its folder, every value once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.export.tensorboard import TensorBoard
from core.snapshot import Evaluation, Event, Moment, RunView, Snapshot, State
from tests.core.test_summary import view

pytest.importorskip("tensorboard")

Points = list[tuple[int, float]]
LEARNING_RATE = "training/learning_rate"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def run(updates: int, state: State = State.RUNNING, **changes: Any) -> RunView:
    """A run at so many updates, none of which can be told from its learning rate."""
    at = Moment(updates, updates, updates / 1000, updates / 60_000)
    told = {"at": at, "evaluation": None, "learning_rate": 1 / (1 + updates), "events": ()}
    return replace(view(state), **{**told, **changes})


def judged(updates: int, loss: float = 0.5) -> Evaluation:
    return Evaluation(Moment(updates), loss, 1 - loss)


def event(number: int, updates: int, what: str) -> Event:
    return Event(number, Moment(updates), what, "0.01", "0.1")


def tensors(folder: Path, series: str) -> list[tuple[int, Any]]:
    """What TensorBoard knows of a series: updates and values."""
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    known = EventAccumulator(str(folder), tensor_size_guidance={"text": 0, "scalars": 0}).Reload()
    if series not in known.Tags()["tensors"]:
        return []
    return [(each.step, make_ndarray(each.tensor_proto).item()) for each in known.Tensors(series)]


def points(folder: Path, series: str) -> Points:
    return [(update, pytest.approx(value)) for update, value in tensors(folder, series)]


def texts(folder: Path) -> list[tuple[int, str]]:
    return [(update, text.decode()) for update, text in tensors(folder, "events")]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(tmp_path: Path, clock: Clock) -> TensorBoard:
    return TensorBoard(tmp_path, clock)


Show = Callable[..., None]


@pytest.fixture
def show(board: TensorBoard, clock: Clock) -> Show:
    """Show these runs, a second after the ones before."""

    def show(*runs: RunView, after: float = 1.0) -> None:
        clock.time += after
        board.show(Snapshot(runs=runs))

    return show


def test_a_run_is_shown_at_once_in_a_folder_of_its_name(show: Show, tmp_path: Path) -> None:
    show(run(100, train_loss=0.5, trembling=0.1, updates_per_second=2000.0))
    show(run(200, train_loss=0.4, trembling=None, updates_per_second=1000.0))
    folder = tmp_path / "run-1"
    assert points(folder, "training/loss") == [(100, 0.5), (200, 0.4)]
    assert points(folder, "training/trembling") == [(100, 0.1)]
    assert points(folder, "training/updates_per_second") == [(100, 2000), (200, 1000)]
    assert points(folder, LEARNING_RATE) == [(100, 1 / 101), (200, 1 / 201)]
    assert [*tmp_path.iterdir()] == [folder]


def test_a_run_without_an_update_has_no_points_but_its_evaluation(
    show: Show, tmp_path: Path
) -> None:
    show(run(0, State.READY, evaluation=judged(0, 2.3)))
    assert points(tmp_path / "run-1", "test/loss") == [(0, 2.3)]
    assert points(tmp_path / "run-1", LEARNING_RATE) == []


def test_an_evaluation_is_shown_once_at_its_own_update(show: Show, tmp_path: Path) -> None:
    show(run(100, evaluation=judged(90, 0.4)))
    show(run(200, evaluation=judged(90, 0.4)))
    show(run(201, evaluation=judged(150, 0.3)), after=0.01)
    assert points(tmp_path / "run-1", "test/loss") == [(90, 0.4), (150, 0.3)]
    assert points(tmp_path / "run-1", "test/accuracy") == [(90, 0.6), (150, 0.7)]


def test_of_numbers_the_share_of_the_spread_that_is_told_is_shown(
    show: Show, tmp_path: Path
) -> None:
    show(run(100, evaluation=Evaluation(Moment(90), 0.4, r2=0.75)))
    assert points(tmp_path / "run-1", "test/r2") == [(90, 0.75)]
    assert points(tmp_path / "run-1", "test/accuracy") == []


def test_an_event_is_shown_once_as_text(show: Show, tmp_path: Path) -> None:
    first, second = event(1, 50, "lr"), event(2, 150, "speed")
    show(run(100, events=(first,)))
    show(run(200, events=(first, second)))
    show(run(300, events=(first, second)))
    assert texts(tmp_path / "run-1") == [(50, first.text), (150, second.text)]


def test_while_it_trains_a_run_gets_two_points_a_second_at_most(show: Show, tmp_path: Path) -> None:
    for updates in range(1, 81):
        show(run(updates), after=0.125)
    assert len(points(tmp_path / "run-1", LEARNING_RATE)) == 20


def test_where_a_run_comes_to_rest_is_always_shown(
    show: Show, board: TensorBoard, tmp_path: Path
) -> None:
    show(run(100))
    show(run(101), after=0.01)
    show(run(102, State.PAUSED), after=0.01)
    show(run(102, State.PAUSED))
    show(run(103), after=0.01)
    board.close()
    shown = points(tmp_path / "run-1", LEARNING_RATE)
    assert [update for update, _ in shown] == [100, 102, 103]


def test_what_is_not_new_is_not_written(show: Show, tmp_path: Path) -> None:
    shown = run(100, State.PAUSED, evaluation=judged(90), events=(event(1, 50, "lr"),))
    show(shown)
    (file,) = (tmp_path / "run-1").iterdir()
    size = file.stat().st_size
    for _ in range(10):
        show(replace(shown, updates_per_second=0.1))
    assert file.stat().st_size == size


def test_what_a_run_has_gone_back_from_is_not_shown_any_more(show: Show, tmp_path: Path) -> None:
    changed = event(1, 300, "lr")
    show(run(100, evaluation=judged(100, 0.4)))
    show(run(300, events=(changed,), evaluation=judged(300, 0.9)))
    back = event(1, 100, "went back")
    show(run(100, State.PAUSED, events=(back,), evaluation=judged(100, 0.4)))
    show(run(250, events=(back,), evaluation=judged(200, 0.3)))
    folder = tmp_path / "run-1"
    assert points(folder, LEARNING_RATE) == [(100, 1 / 101), (250, 1 / 251)]
    assert points(folder, "test/loss") == [(100, 0.4), (200, 0.3)]
    assert texts(folder) == [(100, back.text)]


def test_that_a_run_went_back_is_seen_even_where_it_is_further_again(
    show: Show, tmp_path: Path
) -> None:
    show(run(300))
    show(run(400, events=(event(1, 100, "went back"),)))
    assert points(tmp_path / "run-1", LEARNING_RATE) == [(400, 1 / 401)]


def test_a_run_that_begins_again_is_shown_from_its_beginning(show: Show, tmp_path: Path) -> None:
    show(run(0, evaluation=judged(0, 2.3)))
    show(run(300, evaluation=judged(200, 0.3)))
    show(run(0, State.READY, events=(event(1, 0, "reset"),)))
    show(run(0, State.READY, events=(event(1, 0, "reset"),), evaluation=judged(0, 2.5)))
    folder = tmp_path / "run-1"
    assert points(folder, "test/loss") == [(0, 2.5)]
    assert points(folder, LEARNING_RATE) == []


def test_runs_of_like_names_and_hostile_ones_have_folders_of_their_own(
    show: Show, tmp_path: Path
) -> None:
    names = ["batch", "batch", "../../x", "..", "a/b", "a\\b", "\x1b[31mred", "x" * 300, "größer"]
    show(*(run(100 + id, id=id, name=name) for id, name in enumerate(names)))
    show(*(run(200 + id, id=id, name="renamed") for id in range(len(names))))
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert folders == sorted(
        ["batch", "batch-2", "x", "run", "a-b", "a-b-2", "31mred", "x" * 48, "größer"]
    )
    assert [update for update, _ in points(tmp_path / "batch-2", LEARNING_RATE)] == [101, 201]
    assert [*tmp_path.parent.glob("x*")] == []


def test_a_session_before_is_left_as_it_was(show: Show, tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    show(run(100))
    assert [*(tmp_path / "run-1").iterdir()] == []
    assert len(points(tmp_path / "run-1-2", LEARNING_RATE)) == 1


def test_a_run_that_was_put_away_goes_on_when_it_comes_back(show: Show, tmp_path: Path) -> None:
    one, other = run(100, evaluation=judged(90)), run(500, id=1, name="run 2")
    show(one, other)
    show(replace(one, at=Moment(150)), other, after=0.01)
    show(other)
    assert [update for update, _ in points(tmp_path / "run-1", LEARNING_RATE)] == [100, 150]
    show(other, run(200, evaluation=judged(90)))
    assert [update for update, _ in points(tmp_path / "run-1", LEARNING_RATE)] == [100, 150, 200]
    assert len(points(tmp_path / "run-1", "test/loss")) == 1


def test_a_run_that_cannot_be_written_any_more_is_said_once_and_training_goes_on(
    show: Show, board: TensorBoard, tmp_path: Path
) -> None:
    show(run(100))
    assert board.fault == ""
    (file,) = (tmp_path / "run-1").iterdir()
    file.unlink()
    show(run(200))
    assert board.fault == (
        f"TensorBoard: nothing more is written to {str(tmp_path)!r}: No such file or directory"
    )
    show(run(300))
    board.close()
    assert [*(tmp_path / "run-1").iterdir()] == []


def test_a_full_disk_ends_the_writing(show: Show, board: TensorBoard) -> None:
    resource = pytest.importorskip("resource", reason="this system limits no file's size")
    size = resource.RLIMIT_FSIZE
    before = resource.getrlimit(size)
    show(run(100), run(100, id=1))
    resource.setrlimit(size, (500, before[1]))
    try:
        for updates in range(200, 220):
            show(run(updates), run(updates, id=1))
        assert board.fault.endswith("File too large")
        board.close()
    finally:
        resource.setrlimit(size, before)


def test_a_place_that_cannot_be_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="cannot be written to") as refused:
            TensorBoard(wrong)
        assert "\n" not in str(refused.value)


@pytest.mark.skipif(os.name != "posix", reason="what a directory forbids is said otherwise there")
def test_a_folder_that_lets_nobody_write_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", _refuse)
    with pytest.raises(UserError, match="Permission denied"):
        TensorBoard(tmp_path)


def _refuse(**_options: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_where_tensorboard_is_not_installed_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UserError, match=r"pip install 'gd-tui\[tensorboard\]'"):
        TensorBoard(tmp_path / "new")
    assert not (tmp_path / "new").exists()
