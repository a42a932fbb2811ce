"""Batches of a size that can be changed while they are drawn, from somebody else's loader."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any

from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, Sampler

_DRAWN_BY_US = {"self", "dataset", "batch_size", "shuffle", "sampler", "batch_sampler", "drop_last"}


class LiveBatches(Sampler[list[int]]):
    """Draws from a sampler as torch's BatchSampler does; `size` holds from the next batch on."""

    def __init__(self, sampler: Iterable[int], size: int, drop_last: bool) -> None:
        self.sampler = sampler
        self.size = size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        draws = iter(self.sampler)
        while True:
            size = self.size
            batch = list(islice(draws, size))
            if not batch or (self.drop_last and len(batch) < size):
                return
            yield batch

    def __len__(self) -> int:
        assert isinstance(self.sampler, Sized)
        whole, rest = divmod(len(self.sampler), self.size)
        return whole + bool(rest and not self.drop_last)


class Batches:
    """The batches of a loader; of a size that can be changed, unless `fixed` says why not."""

    def __init__(self, loader: Iterable[Any], size: int | None = None) -> None:
        """With `size`, batches are of that size from the first on, where that can be."""
        self.given = loader
        self.loader = loader
        self.fixed = _why_fixed(loader)
        self._live: LiveBatches | None = None
        self._first: int | None = None  # examples in the first batch
        if isinstance(loader, DataLoader) and not self.fixed:
            chosen = size or int(loader.batch_size or 1)
            self._live = LiveBatches(loader.sampler, chosen, bool(loader.drop_last))
            self.loader = _with(loader, self._live)

    @property
    def size(self) -> int | None:
        """Examples in a batch; where the loader has no such number, as in the first one."""
        if self._live:
            return self._live.size
        size = getattr(self.loader, "batch_size", None)
        return size if isinstance(size, int) else self._first

    def count(self, batch: Any) -> int:
        """How many examples a batch has."""
        found = examples_in(batch) or self.size or 1
        self._first = self._first or found
        return found

    def resize(self, size: int) -> None:
        assert self._live is not None
        self._live.size = size

    @property
    def under_way(self) -> int:
        """How many batches may have been drawn already when the size changes."""
        workers = getattr(self.loader, "num_workers", 0)
        return workers * (getattr(self.loader, "prefetch_factor", None) or 0)

    @property
    def examples(self) -> int | None:
        """How many examples an epoch has; None where that is not known before it is over."""
        loader = self.loader
        if self._live:
            return _length(self._live.sampler)
        if isinstance(loader, DataLoader) and isinstance(loader.dataset, IterableDataset):
            return None
        batches, size = _length(loader), self.size
        return batches * size if batches and size else _length(getattr(loader, "dataset", None))


def _length(of: object) -> int | None:
    try:
        return len(of)  # type: ignore[arg-type]
    except (TypeError, NotImplementedError):
        return None


def _why_fixed(loader: Iterable[Any]) -> str:
    """What keeps the batch size of a loader as it is; nothing if it can be changed."""
    if not isinstance(loader, DataLoader):
        return f"{type(loader).__name__} is no DataLoader of torch's"
    if type(loader).__iter__ is not DataLoader.__iter__:
        return f"{type(loader).__name__} makes its batches in a way of its own"
    if isinstance(loader.dataset, IterableDataset):
        return "the data set is a stream, whose examples have no numbers"
    if loader.batch_sampler is None:
        return "the loader has no batch size: its data set makes the batches"
    if type(loader.batch_sampler) is not BatchSampler:
        return f"the loader has a batch sampler of its own, {type(loader.batch_sampler).__name__}"
    return ""


def _with(loader: DataLoader[Any], batches: LiveBatches) -> DataLoader[Any]:
    """The same loader with other batches: data set, collating, workers, generator are its own."""
    names = set(inspect.signature(DataLoader.__init__).parameters) - _DRAWN_BY_US
    kept = {name: getattr(loader, name) for name in names if hasattr(loader, name)}
    return DataLoader(loader.dataset, batch_sampler=batches, **kept)


def examples_in(batch: Any) -> int | None:
    """How many examples a batch has: the length of the first tensor or array in it, if any."""
    if isinstance(batch, Tensor) or (hasattr(batch, "shape") and hasattr(batch, "dtype")):
        return len(batch) if batch.ndim else None
    parts: Iterable[Any] = ()
    if isinstance(batch, Mapping):
        parts = batch.values()
    elif isinstance(batch, Sequence) and not isinstance(batch, str | bytes):
        parts = batch
    found = (examples_in(part) for part in parts)
    return next((count for count in found if count is not None), None)
