"""The best that a plain PyTorch loop can do: resident data, autograd, one of torch's optimizers.

Which threads, which form of the optimizer and which cut of the full batch are fastest depends on
the machine, so all of them are ways to try.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from core.config import RunConfig
from core.data.dataset import Dataset
from core.models.build import build
from core.optimizers.table import OPTIMIZERS
from core.threads import EVERY, use_threads
from tui.bench.problem import mnist
from tui.format import plural

_FORMS: dict[str, dict[str, bool]] = {
    "default": {},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
}
_PARTS = (1024, 4096, 16384)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to write the loop: `form` of the optimizer, examples in a `part` of an update."""

    threads: int
    form: str
    part: int | None = None  # the whole batch at once

    @property
    def how(self) -> str:
        cut = f", in parts of {self.part:,}" if self.part else ""
        return f"{plural(self.threads, 'thread')}, {self.form} optimizer{cut}"


def ways(batch_size: int, examples: int) -> list[list[Way]]:
    """All ways worth a try, for each number of threads.

    The full batch is cut into parts: whole, it is measured anyway.
    """
    counts = sorted({1, EVERY})
    if batch_size < examples:
        return [[Way(threads, form) for form in _FORMS] for threads in counts]
    return [[Way(threads, "default", part) for part in _PARTS] for threads in counts]


def updates(data: Dataset, batch_size: int, optimizer: str, way: Way) -> Iterator[int]:
    """Train SimpleNet for ever; yields after each update.

    The learning rate is the chapter's for SGD, and torch's own for any other `optimizer`.
    """
    model = _net(data)
    images, labels = data.train.span(0, len(data.train))
    images = images.flatten(1)
    rate = {"lr": 0.01} if optimizer == "sgd" else {}
    make = getattr(optim, OPTIMIZERS[optimizer].torch_name)
    descent = make(model.parameters(), **rate, **_FORMS[way.form])
    while True:
        for x, y in _batches(images, labels, batch_size):
            descent.zero_grad()
            _backward(model, x, y, way.part or batch_size)
            descent.step()
            yield 1


def _net(data: Dataset) -> nn.Module:
    return build(RunConfig(), data.spec).model


def _batches(images: Tensor, labels: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch of shuffled batches. One example is a view; of all, the order does not matter."""
    if batch_size == len(labels):
        yield images, labels
        return
    order = torch.randperm(len(labels))
    if batch_size == 1:
        for row in order.tolist():
            yield images[row : row + 1], labels[row : row + 1]
    else:
        for rows in torch.split(order, batch_size):
            yield images.index_select(0, rows), labels.index_select(0, rows)  # beats [rows]


def _backward(model: nn.Module, x: Tensor, y: Tensor, part: int) -> None:
    if len(y) <= part:
        F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        return
    for some, their in zip(torch.split(x, part), torch.split(y, part), strict=True):
        loss = F.cross_entropy(model(some), their, reduction="sum") / len(y)
        loss.backward()  # type: ignore[no-untyped-call]


def make_whole_updates(count: int) -> None:
    """So many full-batch updates at once: for a process whose memory is watched."""
    use_threads(EVERY)
    data = mnist()
    loop = updates(data, len(data.train), "sgd", Way(EVERY, "default"))
    for _ in range(count):
        next(loop)
