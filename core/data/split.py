"""One half of a data set, training or test, as those who train and judge see it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from core.data.spec import DataSpec


class Split(Protocol):
    """Examples that are taken by their numbers, on the device that trains.

    `targets` are always there: classes, int64 (n,), or numbers to be told, float32 (n, t).
    `inputs` are float32 (n, ...) where all of them lie on the device, None where they are
    streamed. `residence` says which: "resident" or "streamed".
    """

    @property
    def inputs(self) -> Tensor | None: ...
    @property
    def targets(self) -> Tensor: ...
    @property
    def residence(self) -> str: ...
    def __len__(self) -> int: ...

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The inputs (k, ...) and targets (k, ...) of the examples `rows` (k,) int64.

        They may lie in memory that the next call uses again.
        """
        ...

    def span(self, begin: int, end: int) -> tuple[Tensor, Tensor]:
        """The inputs and targets of the examples from `begin` up to `end`, not to be written."""
        ...

    def expect(self, rows: Tensor) -> None:
        """Prepare for these (n,) int64 to be taken next, in this order, some at a time."""
        ...

    def first(self, count: int) -> Split:
        """The same with the first `count` of the examples alone."""
        ...

    def close(self) -> None:
        """Let whatever reads ahead end."""
        ...


@dataclass(frozen=True, eq=False)
class Resident:
    """All examples in the memory of the device: `inputs` (n, ...), `targets` (n, ...)."""

    inputs: Tensor
    targets: Tensor
    residence = "resident"
    _room: _Room = field(default_factory=lambda: _Room(), init=False, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """A copy of these examples, in memory that this thread uses again and again."""
        rows = rows.to(self.targets.device)
        if torch.is_inference_mode_enabled():  # what is made then cannot be trained on
            return self.inputs.index_select(0, rows), self.targets.index_select(0, rows)
        if self._room.count != len(rows):
            self._room.inputs = self.inputs.new_empty(len(rows), *self.inputs.shape[1:])
            self._room.targets = self.targets.new_empty(len(rows), *self.targets.shape[1:])
            self._room.count = len(rows)
        inputs, targets = self._room.inputs, self._room.targets
        torch.index_select(self.inputs, 0, rows, out=inputs)  # indexing takes 5 times as long
        torch.index_select(self.targets, 0, rows, out=targets)
        return inputs, targets

    def span(self, begin: int, end: int) -> tuple[Tensor, Tensor]:
        return self.inputs[begin:end], self.targets[begin:end]

    def expect(self, rows: Tensor) -> None:
        """They are there already."""

    def first(self, count: int) -> Resident:
        return Resident(self.inputs[:count], self.targets[:count])

    def close(self) -> None:
        """Nothing reads."""

    def to(self, device: torch.device | str) -> Resident:
        """The same on another device."""
        return Resident(self.inputs.to(device), self.targets.to(device))


class _Room(threading.local):
    """Memory for the examples that were taken last: several runs train at the same time."""

    count = -1
    inputs: Tensor
    targets: Tensor


@dataclass(frozen=True, eq=False)
class Unread:
    """Examples that still lie in files, or in an object of the user's: to be read or streamed.

    `examples` is a map-style torch Dataset, whose items are an input, float32 of `shape`, and a
    target; `targets` are all of these, (n, ...), which are known without reading the inputs.
    """

    examples: Examples
    targets: Tensor
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.targets)


class Examples(Protocol):
    """A map-style data set, as torch's DataLoader takes it."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> tuple[Tensor, Any]: ...


@runtime_checkable
class Losing(Protocol):
    """Examples from `files`, of which some may get lost: `lost`, bool (n,), says which."""

    files: Sequence[str]
    lost: Tensor


@dataclass(frozen=True, eq=False)
class Halves:
    """A data set as it was found: what it is, and its halves, in the computer's memory or unread.

    `remarks` are what there is to say of how it was read, a line each.
    """

    spec: DataSpec
    train: Resident | Unread
    test: Resident | Unread
    remarks: tuple[str, ...] = ()
