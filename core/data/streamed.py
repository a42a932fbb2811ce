"""One half of a data set that is not on the device: its inputs come in streams, read ahead."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from core.data.split import Resident, Unread
from core.data.workers import (
    Chunks,
    Reader,
    apart,
    checked,
    chunk_of,
    loader_of,
    workers_for,
)

_MOST_STREAMS = 8  # as many as there can be runs, each with an order of its own
_LEFT = 64  # orders told since a stream was last used: whoever used it has gone elsewhere


class Streamed:
    """Examples whose `targets` are on the device, and whose inputs are read when they are due.

    What `expect` told is read ahead, in chunks that do not depend on the batch size. Several
    runs may take turns, each in an order of its own. What was not expected is read at once:
    that is slower, never wrong.
    """

    inputs = None
    residence = "streamed"

    def __init__(self, half: Resident | Unread, device: torch.device, workers: int | None) -> None:
        self.targets = half.targets.to(device)
        self._reader = Reader(half)
        self._streams = _Streams(self._reader, device, workers)
        self._room: tuple[Tensor, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def expect(self, rows: Tensor) -> None:
        self._streams.expect(rows)

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """A copy of these examples, in memory that is used again and again.

        Raises ExampleError if one of them cannot be read.
        """
        rows = rows.cpu()
        inputs, targets = self._room_for(len(rows))
        filled = 0
        for some, which in self._streams.take(rows):
            end = filled + len(some)
            inputs[filled:end] = some
            torch.index_select(self.targets, 0, which, out=targets[filled:end])
            filled = end
        return inputs, targets

    def span(self, begin: int, end: int) -> tuple[Tensor, Tensor]:
        return self.take(torch.arange(begin, end))

    def first(self, count: int) -> Streamed:
        """The same with the first `count` alone; they share their streams."""
        other = object.__new__(Streamed)
        other._reader, other._streams, other._room = self._reader, self._streams, None
        other.targets = self.targets[:count]
        return other

    def close(self) -> None:
        """Let the worker processes end. What is taken afterwards starts others."""
        self._streams.close()

    def _room_for(self, count: int) -> tuple[Tensor, Tensor]:
        # Memory of its own, as for resident examples: where it lies may decide the last bits.
        if self._room is None or len(self._room[1]) != count:
            inputs = torch.empty(count, *self._reader.shape, device=self.targets.device)
            self._room = inputs, self.targets.new_empty(count, *self.targets.shape[1:])
        return self._room


Piece = tuple[Tensor, Tensor]  # on the device: inputs (k, ...), and whose they are (k,)


class _Streams:
    """The streams of one source: each reads ahead in one order."""

    def __init__(self, reader: Reader, device: torch.device, workers: int | None) -> None:
        self._reader = reader
        self._device = device
        self._workers = workers
        self._all: list[_Stream] = []
        self._current: _Stream | None = None  # what was expected last
        self._told = 0  # orders so far

    def expect(self, rows: Tensor) -> None:
        self._told += 1
        current = next((each for each in self._all if each.leads(rows)), None) or self._free()
        if not current.leads(rows):
            current.begin(rows)
        current.used = self._told
        self._current = current

    def take(self, rows: Tensor) -> Iterator[Piece]:
        """The examples `rows` (k,), piece by piece."""
        current = self._current
        if current is None or not current.gives(rows):
            yield self._reader.read(rows).to(self._device), rows.to(self._device)
            return
        try:
            yield from current.take(len(rows))
        except BaseException:  # what is left of it may lack a chunk
            self._drop(current)
            raise

    def close(self) -> None:
        while self._all:
            self._drop(self._all[0])

    def _free(self) -> _Stream:
        """A stream that nobody reads from any more, else a new one, else the least used."""
        idle = sorted((each for each in self._all if self._is_idle(each)), key=lambda s: s.used)
        if idle:
            return idle[0]
        if len(self._all) == _MOST_STREAMS:
            return min(self._all, key=lambda stream: stream.used)
        workers = workers_for(self._reader, self._workers)
        self._all.append(_Stream(self._reader, self._device, workers))
        return self._all[-1]

    def _is_idle(self, stream: _Stream) -> bool:
        return stream.exhausted or self._told - stream.used > _LEFT

    def _drop(self, stream: _Stream) -> None:
        self._all.remove(stream)
        if self._current is stream:
            self._current = None
        stream.close()


class _Stream:
    """Inputs in one order, read ahead by workers of its own, if there are any."""

    def __init__(self, reader: Reader, device: torch.device, workers: int) -> None:
        self.used = 0
        self._device = device
        self._chunks = Chunks(chunk_of(reader.shape))
        self._pinned = device.type == "cuda"  # copies then go on while others are at work
        self._loader = loader_of(reader, self._chunks, workers, self._pinned)
        self._coming: Iterator[Tensor | str] = iter(())
        self._told: Tensor | None = None  # as it was told: a view of the same memory needs no look
        self._order = torch.empty(0, dtype=torch.int64)
        self._at = 0  # examples taken
        self._read = 0  # examples that came in chunks so far
        self._chunk: Piece | None = None  # the latest

    @property
    def exhausted(self) -> bool:
        return self._at == len(self._order)

    def begin(self, rows: Tensor) -> None:
        """Read the examples `rows` (n,) in this order from now on."""
        self._told, self._order = rows, rows.clone()
        if self._pinned:
            self._order = self._order.pin_memory()
        self._at = self._read = 0
        self._chunk = None
        self._chunks.order = self._order
        with apart():
            self._coming = iter(self._loader)

    def leads(self, rows: Tensor) -> bool:
        """Whether what is left of this stream are these very examples, in this order."""
        if self.exhausted or len(rows) != len(self._order) - self._at:
            return False
        assert self._told is not None
        rest = self._told[self._at :]
        same = rest.data_ptr() == rows.data_ptr() and rest.stride() == rows.stride()
        return same or torch.equal(self._order[self._at :], rows)

    def gives(self, rows: Tensor) -> bool:
        """Whether these are the next examples."""
        return torch.equal(self._order[self._at : self._at + len(rows)], rows)

    def take(self, count: int) -> Iterator[Piece]:
        """The next `count` examples."""
        end = self._at + count
        while self._at < end:
            if self._chunk is None or self._at == self._read:
                self._chunk = self._next_chunk()
            inputs, which = self._chunk
            begin = len(which) - (self._read - self._at)
            some = min(end - self._at, self._read - self._at)
            self._at += some
            yield inputs[begin : begin + some], which[begin : begin + some]

    def _next_chunk(self) -> Piece:
        inputs = checked(next(self._coming))
        which = self._order[self._read : self._read + len(inputs)]
        self._read += len(inputs)
        place, overtaken = self._device, self._pinned
        return inputs.to(place, non_blocking=overtaken), which.to(place, non_blocking=overtaken)

    def close(self) -> None:
        self._coming = iter(())
        del self._loader  # its workers end with it
