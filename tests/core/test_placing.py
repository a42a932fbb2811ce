"""Data is put on the device if half of its free memory is enough, else it comes in a stream."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.config import RunConfig, configure
from core.data import placing
from core.data.placing import place
from core.data.split import Halves, Resident, Unread
from core.data.streamed import Streamed
from core.errors import UserError
from tests.core.conftest import make_data
from tests.core.data.example_files import Files

CPU = torch.device("cpu")
SIZE = 4 * 36 * (97 + 40)  # bytes of the small problem


def found() -> Halves:
    data = make_data()
    assert isinstance(data.train, Resident)
    assert isinstance(data.test, Resident)
    return Halves(data.spec, data.train, data.test, ("read somewhere",))


class InMemory:
    """A map-style set over tensors, which a worker process cannot be given."""

    def __init__(self, inputs: Tensor) -> None:
        self.inputs, self.lock = inputs, lambda: None

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.inputs[index], 0


def unread(halves: Halves) -> Halves:
    train, test = (
        Unread(InMemory(half.inputs), half.targets, (1, 6, 6))
        for half in (halves.train, halves.test)
        if isinstance(half, Resident)
    )
    return replace(halves, train=train, test=test)


def untold(_what: str, _share: float) -> None:
    pass


def config(**given: object) -> RunConfig:
    return configure(given)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of free memory there is just not enough."""
    monkeypatch.setattr(placing, "free_memory", lambda _device: 2 * SIZE - 1)


def test_what_lies_in_memory_stays_there_whatever_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placing, "free_memory", lambda _device: 0)
    halves = found()
    data = place(halves, config(), CPU, untold)
    assert isinstance(halves.train, Resident)
    assert data.train.inputs is not None
    assert data.train.inputs.data_ptr() == halves.train.inputs.data_ptr()
    assert data.remarks == ("read somewhere",)


def test_what_fits_into_half_of_the_free_memory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "free_memory", lambda _device: 2 * SIZE)
    halves, told = found(), []
    data = place(unread(halves), config(), CPU, lambda what, share: told.append((what, share)))
    assert isinstance(halves.train, Resident)
    assert isinstance(halves.test, Resident)
    assert data.train.residence == data.test.residence == "resident"
    assert torch.equal(data.train.span(0, 97)[0], halves.train.inputs)
    assert torch.equal(data.test.span(0, 40)[0], halves.test.inputs)
    assert torch.equal(data.test.targets, halves.test.targets)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("reading MNIST, 137 of 137 examples", 1.0)


@pytest.mark.usefixtures("free")
def test_what_does_not_is_streamed_and_that_is_said() -> None:
    data = place(unread(found()), config(), CPU, untold)
    assert data.train.residence == data.test.residence == "streamed"
    assert data.remarks[0] == "read somewhere"
    assert data.remarks[1].startswith("streamed: 0.0197 MB do not fit into half of the ")
    assert data.remarks[1].endswith(" MB that are free on cpu")


@pytest.mark.usefixtures("free")
def test_whoever_asks_for_resident_data_gets_it() -> None:
    data = place(unread(found()), config(residence="resident"), CPU, untold)
    assert data.train.residence == "resident"
    assert data.remarks == ("read somewhere",)


def test_whoever_asks_for_a_stream_gets_one_and_is_not_told_so() -> None:
    data = place(found(), config(residence="streamed"), CPU, untold)
    assert isinstance(data.train, Streamed)
    assert torch.equal(data.train.span(3, 9)[0], make_data().train.span(3, 9)[0])
    assert data.remarks == ("read somewhere",)


def test_worker_processes_read_files_into_memory(tmp_path: Path) -> None:
    halves = found()
    assert isinstance(halves.train, Resident)
    for index, example in enumerate(halves.train.inputs):
        torch.save(example.clone(), tmp_path / f"{index}.pt")
    files = Unread(Files(tmp_path, 97), halves.train.targets, (1, 6, 6))
    data = place(replace(halves, train=files), config(workers=1), CPU, untold)
    assert data.train.inputs is not None
    assert torch.equal(data.train.inputs, halves.train.inputs)


def test_an_example_that_cannot_be_read_is_named_before_training(tmp_path: Path) -> None:
    halves = found()
    files = Unread(Files(tmp_path, 97), halves.train.targets, (1, 6, 6))
    with pytest.raises(UserError, match=r"data: mnist: example 0: FileNotFoundError: .*0\.pt"):
        place(replace(halves, train=files), config(workers=0), CPU, untold)


def test_no_memory_after_all_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_shape: int) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    halves = unread(found())
    monkeypatch.setattr(placing.torch, "empty", full)
    with pytest.raises(UserError, match="no memory for all of MNIST on cpu; choose streamed"):
        place(halves, config(residence="resident"), CPU, untold)


def test_whoever_stops_the_loading_stops_the_reading() -> None:
    class StoppedError(Exception):
        pass

    def stop(_what: str, _share: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        place(unread(found()), config(), CPU, stop)
