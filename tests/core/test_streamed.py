"""What comes in a stream is what lies in memory, bit for bit, in whatever order it is taken."""

from __future__ import annotations

import gc
import io
import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.resource_tracker import ResourceTracker
from multiprocessing.spawn import get_preparation_data
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core import own_code
from core.commands import Advance, Change, FinishEpoch, Start
from core.config import configure
from core.data import workers
from core.data.dataset import Dataset
from core.data.split import Resident, Unread
from core.data.streamed import Streamed
from core.data.workers import ExampleError, Reader, chunk_of, workers_for
from core.run import Run
from core.snapshot import State
from core.trainer import Trainer
from tests.core.conftest import NO_KERNELS, make_data, same_bits, weights_of, work_off
from tests.core.data.example_files import Files, WhoReads

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few examples to a chunk, so that these small sets have many."""
    monkeypatch.setattr(workers, "_MOST_EXAMPLES", 8)


@pytest.fixture
def files(tmp_path: Path) -> Unread:
    for index in range(40):
        torch.save(torch.full((2, 3), float(index)), tmp_path / f"{index}.pt")
    return Unread(Files(tmp_path, 40), torch.arange(40) % 3, (2, 3))


@pytest.fixture
def streamed() -> Iterator[Callable[..., Streamed]]:
    made: list[Streamed] = []

    def build(half: Resident | Unread, count: int | None = 0) -> Streamed:
        made.append(Streamed(half, CPU, count))
        return made[-1]

    yield build
    for each in made:
        each.close()


def numbers(count: int = 100) -> Resident:
    """Each example's input and target are its number."""
    return Resident(torch.arange(float(count))[:, None], torch.arange(count))


def tells(split: Streamed, rows: Tensor) -> bool:
    inputs, targets = split.take(rows)
    return inputs[:, 0].long().tolist() == targets.tolist() == rows.tolist()


@given(st.data())
def test_whatever_is_taken_is_what_was_asked_for(data: st.DataObject) -> None:
    split = Streamed(numbers(30), CPU, 0)
    orders = [torch.randperm(30, generator=torch.Generator().manual_seed(k)) for k in range(3)]
    cursors = [0, 0, 0]
    for _ in range(data.draw(st.integers(1, 20))):
        taker = data.draw(st.integers(0, 2))
        match data.draw(st.sampled_from(("expect", "take", "stray", "back"))):
            case "expect":
                split.expect(orders[taker][cursors[taker] :])
            case "take":
                count = data.draw(st.integers(1, 12))
                rows = orders[taker][cursors[taker] :][:count]
                cursors[taker] += len(rows)
                assert not len(rows) or tells(split, rows)
            case "stray":
                assert tells(
                    split, torch.tensor(data.draw(st.lists(st.integers(0, 29), min_size=1)))
                )
            case "back":
                cursors[taker] = data.draw(st.integers(0, cursors[taker]))


def test_nothing_that_was_read_ahead_is_lost_to_another_batch_size(
    files: Unread, streamed: Callable[..., Streamed], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    once = Files.__getitem__
    monkeypatch.setattr(Files, "__getitem__", lambda self, i: (read.append(i), once(self, i))[1])
    split, order = streamed(files), torch.randperm(40)
    at = 0
    for size in (1, 1, 7, 3, 16, 2, 10):
        split.expect(order[at:])
        assert torch.equal(
            split.take(order[at : at + size])[1], files.targets[order[at : at + size]]
        )
        at += size
    assert at == 40
    assert sorted(read) == list(range(40))


def test_runs_that_take_turns_each_have_their_own_stream(
    streamed: Callable[..., Streamed], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    once = Reader.__getitems__
    monkeypatch.setattr(
        Reader, "__getitems__", lambda self, rows: (read.extend(rows), once(self, rows))[1]
    )
    split = streamed(numbers(64))
    orders = [torch.randperm(64) for _ in range(3)]
    for at in range(0, 64, 4):
        for order in orders:
            split.expect(order[at:])
            assert tells(split, order[at : at + 4])
    assert len(read) == 3 * 64


def test_a_fork_that_stands_where_its_parent_does_gets_the_same_examples(
    streamed: Callable[..., Streamed],
) -> None:
    split, order = streamed(numbers(64)), torch.randperm(64)
    for at in range(0, 64, 8):
        for _ in range(2):
            split.expect(order[at:])
            assert tells(split, order[at : at + 8])


def test_telling_what_is_known_copies_nothing(
    streamed: Callable[..., Streamed], monkeypatch: pytest.MonkeyPatch
) -> None:
    split, order = streamed(numbers(64)), torch.randperm(64)
    split.expect(order)
    split.take(order[:5])
    monkeypatch.setattr(Tensor, "clone", None)
    monkeypatch.setattr(torch, "equal", None)
    split.expect(order[5:])


def test_the_first_examples_alone_are_the_same_examples(streamed: Callable[..., Streamed]) -> None:
    first = streamed(numbers(64)).first(10)
    assert len(first) == 10
    inputs, targets = first.span(4, 10)
    assert inputs[:, 0].tolist() == targets.tolist() == [4, 5, 6, 7, 8, 9]


def test_large_examples_come_in_small_chunks() -> None:
    assert chunk_of((3, 224, 224)) == 2
    assert chunk_of((3, 4096, 4096)) == 1
    assert chunk_of((1, 28, 28)) == 8  # as many as these tests allow


# What trains on them


def streamed_set(data: Dataset) -> Dataset:
    train, test = data.train, data.test
    assert isinstance(train, Resident)
    assert isinstance(test, Resident)
    return replace(data, train=Streamed(train, CPU, 0), test=Streamed(test, CPU, 0))


@pytest.mark.parametrize(
    "given",
    [{}, {"batch_size": 7}, {"strategy": "batch"}, {"batch_size": 7, "order": "replacement"}],
)
def test_a_run_on_a_stream_is_that_on_resident_data_bit_for_bit(given: dict[str, object]) -> None:
    resident = make_data()
    config = configure({"eval_every": "epoch", "optimizer": "adam", **given})
    runs = [Run("run", config, each, NO_KERNELS) for each in (resident, streamed_set(resident))]
    for run in runs:
        for command in (Advance(9), Change("batch_size", 4), FinishEpoch(), Advance(3)):
            run.obey(command)
            work_off(run)
    one, other = (run.trainer for run in runs)
    assert one.updates == other.updates
    assert same_bits(weights_of(one), weights_of(other))
    assert one.record.evaluation == replace_seconds(other, one)
    assert other.data.train.residence == "streamed"
    assert other.slower_because == "the kernels are for data that is not streamed"


def replace_seconds(trainer: Trainer, like: Trainer) -> object:
    """The evaluation, taken for one at the same second as the other's."""
    ours, theirs = trainer.record.evaluation, like.record.evaluation
    assert ours is not None
    assert theirs is not None
    return replace(ours, at=theirs.at)


def test_going_back_goes_back_in_the_stream_as_well() -> None:
    run = Run("run", configure({"batch_size": 5}), streamed_set(make_data()), NO_KERNELS)
    run.obey(Advance(4))
    work_off(run)
    saved = run.capture()
    run.obey(Advance(6))
    work_off(run)
    after = weights_of(run.trainer)
    run.take_up(saved)
    run.obey(Advance(6))
    work_off(run)
    assert same_bits(weights_of(run.trainer), after)


# Workers


def test_worker_processes_read_the_same_and_leave_with_the_stream(
    files: Unread, streamed: Callable[..., Streamed]
) -> None:
    split, order = streamed(files, 2), torch.randperm(40)
    split.expect(order)
    for at in range(0, 40, 10):
        rows = order[at : at + 10]
        inputs, targets = split.take(rows)
        assert inputs[:, 0, 0].long().tolist() == rows.tolist()
        assert torch.equal(targets, files.targets[rows])
    assert workers_running()
    split.expect(order[3:])  # the same workers begin anew
    assert split.take(order[3:5])[0][:, 0, 0].long().tolist() == order[3:5].tolist()
    split.close()
    gc.collect()
    assert not workers_running()


def workers_running() -> list[Any]:
    return [each for each in multiprocessing.active_children() if each.is_alive()]


def test_workers_keep_away_from_the_terminal_and_from_its_signals(
    files: Unread, streamed: Callable[..., Streamed], capfd: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(files.examples, Files)
    half = replace(files, examples=WhoReads(files.examples.folder, 40), shape=(3,))
    split = streamed(half, 1)
    split.expect(torch.arange(40))
    inputs, _ = split.take(torch.arange(20))
    pid, ignores, silent = inputs[0].tolist()
    assert pid != os.getpid()
    assert ignores
    assert silent
    assert psutil.Process(int(pid)).is_running()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("count", [0, 1])
def test_an_example_that_cannot_be_read_is_named_and_can_be_mended(
    files: Unread, streamed: Callable[..., Streamed], count: int
) -> None:
    assert isinstance(files.examples, Files)
    path = files.examples.folder / "33.pt"
    content = path.read_bytes()
    path.unlink()
    split, order = streamed(files, count), torch.arange(40)
    split.expect(order)
    split.take(order[:32])
    with pytest.raises(ExampleError, match=r"example 33: FileNotFoundError: .*33\.pt"):
        split.take(order[32:36])
    path.write_bytes(content)
    split.expect(order[32:])
    assert split.take(order[32:40])[0][:, 0, 0].long().tolist() == list(range(32, 40))


def test_an_example_of_another_shape_is_named(
    files: Unread, streamed: Callable[..., Streamed]
) -> None:
    split = streamed(replace(files, shape=(3, 2)))
    with pytest.raises(ExampleError, match=r"example 4: .*its input is \(2, 3\), not \(3, 2\)"):
        split.take(torch.tensor([4]))


def test_a_run_pauses_at_an_example_that_is_gone_and_goes_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    data = make_data()
    assert data.train.inputs is not None
    for index, example in enumerate(data.train.inputs):
        torch.save(example.clone(), tmp_path / f"{index}.pt")
    half = Unread(Files(tmp_path, 97), data.train.targets, (1, 6, 6))
    run = Run(
        "run",
        configure({"batch_size": 10}),
        replace(data, train=Streamed(half, CPU, 0)),
        NO_KERNELS,
    )
    run.obey(Advance(3))
    work_off(run)
    gone = tmp_path / f"{int(run.trainer.sampler.peek(40)[25])}.pt"
    content = gone.read_bytes()
    gone.unlink()
    run.obey(Start())
    work_off(run)
    assert run.state is State.FAILED
    assert gone.name in run.reason
    assert run.trainer.updates < 6
    gone.write_bytes(content)
    run.obey(FinishEpoch())
    work_off(run)
    assert run.state is State.PAUSED
    assert run.trainer.examples == 97
    plain = Run("run", configure({"batch_size": 10}), data, NO_KERNELS)
    plain.obey(FinishEpoch())
    work_off(plain)
    assert same_bits(weights_of(run.trainer), weights_of(plain.trainer))


def test_workers_are_for_files_and_for_what_can_be_sent_to_them(files: Unread) -> None:
    most = workers_for(Reader(files), None)
    assert 1 <= most <= 4
    assert workers_for(Reader(files), 7) == 7
    assert workers_for(Reader(files), 0) == 0
    assert workers_for(Reader(numbers()), 3) == 0
    unsendable = Files(Path(), 40)
    unsendable.reader = lambda: None  # type: ignore[attr-defined]
    assert workers_for(Reader(replace(files, examples=unsendable)), 3) == 0


def test_a_worker_needs_no_copy_of_data_that_lies_in_memory(
    files: Unread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_MOST_PICKLED", 10_000)
    large = Files(Path(), 40)
    large.kept = torch.zeros(10_000)  # type: ignore[attr-defined]
    assert workers_for(Reader(replace(files, examples=large)), 3) == 0


def test_a_reader_finds_the_users_file_again_in_another_process(
    files: Unread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "their_set.py"
    source.write_text(
        "import torch\n"
        "class Theirs:\n"
        "    def __len__(self): return 40\n"
        "    def __getitem__(self, i): return torch.full((2, 3), i + 0.5), 0\n"
    )
    theirs = own_code.load(f"{source}:Theirs", "data")()
    reader = Reader(replace(files, examples=theirs))
    assert reader.packed()
    sent = pickle.dumps(reader)
    monkeypatch.delitem(sys.modules, type(theirs).__module__)
    monkeypatch.setattr(sys, "path", list(sys.path))
    there = pickle.loads(sent)
    assert there.read(torch.tensor([4]))[0, 0, 0] == 4.5


def test_workers_start_while_a_screen_has_taken_stderr(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Captured(io.StringIO):
        def fileno(self) -> int:
            return -1  # as Textual's

    captured = Captured()
    monkeypatch.setattr(sys, "stderr", captured)
    with workers.apart():
        tracker = ResourceTracker()
        tracker.ensure_running()
        tracker._stop()
    assert sys.stderr is captured


def test_workers_do_not_run_the_main_module_again(monkeypatch: pytest.MonkeyPatch) -> None:
    script = ModuleType("__main__")
    script.__file__ = "/script.py"
    monkeypatch.setitem(sys.modules, "__main__", script)

    def told() -> list[str]:
        return [name for name in get_preparation_data("") if name.startswith("init_main")]

    assert told()
    with workers.apart():
        assert not told()
    assert told()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("count", [0, 1])
def test_a_gpu_gets_the_same_from_a_stream(files: Unread, count: int) -> None:
    device, order = torch.device("cuda"), torch.randperm(40)
    split = Streamed(files, device, count)
    split.expect(order)
    for rows in order.split(7):
        inputs, targets = split.take(rows)
        assert inputs.device.type == targets.device.type == "cuda"
        assert inputs[:, 0, 0].long().tolist() == rows.tolist()
        assert targets.tolist() == files.targets[rows].tolist()
    split.close()
