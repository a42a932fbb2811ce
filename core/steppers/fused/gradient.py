"""The gradient of many examples, gathered by several threads at once, none of which holds the GIL.

Each thread takes a share of the examples and has sums of its own: they meet once per call, where
torch's own threads would meet at every operation.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from core.steppers.fused.arrays import Examples, Floats, Ints, Network, Room
from core.steppers.fused.blas import sgemm
from core.steppers.fused.many import gradient
from core.threads import EVERY, settle_in, share, use_threads

_PIECE = 512  # examples whose activations, and they themselves, stay in a core's cache
_FLOATS = 1 << 20  # about as many fit there: of wider examples a piece has fewer


class SharedGradient:
    """The gradient of `net` over some of the examples `data`, shared by up to `threads` threads.

    `sums` (parameters,) is laid out as the weights; `loss` is what was added so far. The first
    `add` after `gather` or `clear` begins another gradient.
    """

    def __init__(self, net: Network, data: Examples, threads: int) -> None:
        self._net = net
        self._data = data
        self._all_sums = [_zeros(len(net.weights)) for _ in range(threads)]
        self._rooms = [_room(net.widths) for _ in range(threads)]
        self._begun = 0  # how many threads have something in their sums
        self.loss = 0.0
        self.sums = self._all_sums[0]
        self.room = self._rooms[0]

    def clear(self) -> None:
        """Set aside what was gathered so far."""
        self._begun = 0
        self.loss = 0.0

    def add(self, rows: Tensor, total: int, threads: int) -> None:
        """Add the examples in `rows` (b,): their part of the mean over `total` examples."""
        every = rows.numpy()
        count = min(threads, len(every))
        self._make_room(count)
        bounds = [k * len(every) // count for k in range(count + 1)]
        shares = [every[begin:end] for begin, end in pairwise(bounds)]
        losses = np.zeros(count)
        workers = min(count, share())  # decides no bit: what is summed together follows `threads`

        def work(first: int) -> None:
            for k in range(first, count, workers):
                losses[k] = self._add_share(k, shares[k], total)

        under_way = [_pool().submit(work, first) for first in range(1, workers)]
        use_threads(1)
        work(0)
        for each in under_way:
            each.result()
        self.loss += sum(losses.tolist())
        self._begun = max(self._begun, count)

    def _make_room(self, threads: int) -> None:
        """For more threads than this machine has: a run may go on that began on another."""
        while len(self._rooms) < threads:
            self._all_sums.append(_zeros(len(self._net.weights)))
            self._rooms.append(_room(self._net.widths))

    def gather(self) -> Floats:
        """Add all sums to the first, in the same order every time. This gradient is complete."""
        for other in self._all_sums[1 : self._begun]:
            self.sums += other
        self.clear()
        return self.sums

    def _add_share(self, k: int, rows: Ints, total: int) -> float:
        scale, begun = np.float32(1 / total), k < self._begun
        room, sums = self._rooms[k], self._all_sums[k]
        return gradient(self._net, sgemm(), self._data, rows, scale, room, sums, begun)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(EVERY, "gradient", initializer=settle_in)


def _room(widths: Ints) -> Room:
    """Room for a piece of the examples that a chain of these widths (layers + 1,) takes."""
    inputs, *others = map(int, widths)
    piece = min(_PIECE, max(32, _FLOATS // max(widths)))
    copy = _zeros(piece * inputs).reshape(piece, inputs)
    labels = np.empty(piece, np.int64)
    return Room(copy, labels, _zeros(piece * sum(others)), _zeros(piece * sum(others)))


def _zeros(count: int) -> Floats:
    """torch's memory begins at multiples of 64 bytes, which decides how a BLAS rounds."""
    flat: Floats = torch.zeros(count).numpy()
    return flat
