"""Where the examples lie while a network trains on them: all on the device, or in a stream."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import torch

from core.config import RunConfig
from core.data.dataset import Dataset
from core.data.split import Halves, Resident, Split, Unread
from core.data.streamed import Streamed
from core.data.workers import (
    Chunks,
    ExampleError,
    Reader,
    apart,
    checked,
    chunk_of,
    loader_of,
    workers_for,
)
from core.errors import UserError
from core.memory import is_out_of_memory

_SHARE = 0.5  # of the free memory that data may take: a network and its gradients need some, too

Progress = Callable[[str, float], None]


def place(found: Halves, config: RunConfig, device: torch.device, progress: Progress) -> Dataset:
    """The data set that was found, where a network on `device` can take its examples.

    All of it lies there if that takes at most half of the memory that is free, unless
    `config.residence` says otherwise. `progress` is told of reading, as that of `load` is.
    Raises UserError if an example cannot be read, or if there is no memory after all.
    """
    remarks, halves = found.remarks, (found.train, found.test)
    sources = tuple(half.examples for half in halves if isinstance(half, Unread))
    streamed = config.residence == "streamed"
    if config.residence == "auto":
        free = free_memory(device)
        streamed = bytes_needed(found, device) > _SHARE * free
        if streamed:
            sizes = f"{_in_words(bytes_needed(found, device))} do not fit into half of the "
            remarks = (*remarks, f"streamed: {sizes}{_in_words(free)} that are free on {device}")
    if streamed:
        workers = config.workers
        train, test = (Streamed(half, device, workers) for half in halves)
        return Dataset(found.spec, train, test, remarks, sources)
    try:
        whole = _Whole(found, config.workers, device, progress)
        return Dataset(
            found.spec, whole.half(found.train), whole.half(found.test), remarks, sources
        )
    except ExampleError as fault:
        raise UserError(f"data: {config.data}: {fault}", setting="data") from fault
    except Exception as fault:
        if not is_out_of_memory(fault):
            raise
        raise UserError(
            f"residence: there is no memory for all of {found.spec.title} on {device}; choose "
            "streamed",
            setting="residence",
        ) from fault


def bytes_needed(found: Halves, device: torch.device) -> int:
    """The memory of the device that the inputs would take which do not lie there yet."""
    size = 4 * found.spec.features
    halves = (found.train, found.test)
    return sum(size * len(half) for half in halves if not _lies_on(half, device))


def free_memory(device: torch.device) -> int:
    """Bytes that are free on the device; of one that shares the computer's, of that."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return int(psutil.virtual_memory().available)


def _lies_on(half: Resident | Unread, device: torch.device) -> bool:
    return isinstance(half, Resident) and half.inputs.device == device


class _Whole:
    """Brings halves onto the device as a whole."""

    def __init__(
        self, found: Halves, workers: int | None, device: torch.device, progress: Progress
    ) -> None:
        unread = [half for half in (found.train, found.test) if isinstance(half, Unread)]
        self._examples = sum(map(len, unread))
        self._read = 0
        self._title = found.spec.title
        self._workers = workers
        self._device = device
        self._progress = progress

    def half(self, half: Resident | Unread) -> Split:
        return (half if isinstance(half, Resident) else self._read_all(half)).to(self._device)

    def _read_all(self, half: Unread) -> Resident:
        reader = Reader(half)
        inputs = torch.empty(len(half), *half.shape)
        chunks = Chunks(chunk_of(half.shape))
        chunks.order = torch.arange(len(half))
        loader = loader_of(reader, chunks, workers_for(reader, self._workers), pinned=False)
        with apart():
            coming = iter(loader)
        begin = 0
        for read in coming:
            some = checked(read)
            inputs[begin : begin + len(some)] = some
            begin += len(some)
            self._progress(
                f"reading {self._title}, {self._read + begin:,} of {self._examples:,} examples",
                (self._read + begin) / self._examples,
            )
        self._read += begin
        return Resident(inputs, half.targets)


def _in_words(size: float) -> str:
    """So many bytes: "12 GB", "640 MB"."""
    unit, name = (1e9, "GB") if size >= 1e9 else (1e6, "MB")
    return f"{size / unit:.3g} {name}"
