"""Updates by torch's autograd: any model, any optimizer, any device."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.optimizers.live import LiveOptimizer
from core.threads import EVERY, threads_for, use_threads


class AutogradStepper:
    """Trains `model` on resident `images` (n, ...) and `labels` (n,) by cross-entropy.

    `threads` is how many processor threads every update takes; None leaves it to `threads_for`.
    """

    name = "autograd"
    shares = False

    def __init__(
        self,
        model: nn.Module,
        optimizer: LiveOptimizer,
        images: Tensor,
        labels: Tensor,
        threads: int | None = None,
    ) -> None:
        self.optimizer = optimizer
        self.threads = threads or 1
        self.every = EVERY
        self._model = model
        self._images = images
        self._labels = labels
        self._chosen_threads = threads
        self._room = images[:0], labels[:0]  # for the examples of an update
        self._loss: Tensor | None = None  # summed so far in the update under way
        self._fault: Exception | None = None  # for the next call to raise

    def updates(self, rows: Tensor, rates: NDArray[np.float64]) -> NDArray[np.float32]:
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        self._use_threads(rows.shape[1])
        losses: list[float] = []
        try:
            for indices, rate in zip(rows.to(self._images.device), rates.tolist(), strict=True):
                losses.append(self._update(indices, rate))
                if not math.isfinite(losses[-1]):
                    break
        except Exception as fault:  # a user's model may raise anything
            self._clear()
            if not losses:
                raise
            self._fault = fault
        return np.array(losses, np.float32)

    def accumulate(self, rows: Tensor, total: int) -> None:
        self._use_threads(len(rows))
        loss = self._backward(rows.to(self._images.device), total)
        self._loss = loss if self._loss is None else self._loss + loss

    def apply(self, rate: float) -> float:
        assert self._loss is not None, "an update needs a gradient first"
        loss = float(self._loss)
        if math.isfinite(loss):
            self._step(rate)
        self.abandon()
        return loss

    def abandon(self) -> None:
        self._loss = None
        self._clear()

    def _update(self, indices: Tensor, rate: float) -> float:
        loss = self._backward(indices, len(indices)).item()  # waits for a GPU: it decides
        if math.isfinite(loss):
            self._step(rate)
        else:
            self._clear()
        return loss

    def _backward(self, indices: Tensor, total: int) -> Tensor:
        """Add these examples' part of the mean loss's gradient to `.grad`; returns that part."""
        images, labels = self._examples(indices)
        logits = self._model(images)
        if len(labels) == total:
            loss = F.cross_entropy(logits, labels)
        else:
            loss = F.cross_entropy(logits, labels, reduction="sum") / total
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _examples(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """A copy of these examples, in memory that is used again and again."""
        images, labels = self._room
        if len(labels) != len(indices):
            images = self._images.new_empty(len(indices), *self._images.shape[1:])
            labels = self._labels.new_empty(len(indices))
            self._room = images, labels
        torch.index_select(self._images, 0, indices, out=images)  # indexing takes 5 times as long
        torch.index_select(self._labels, 0, indices, out=labels)
        return images, labels

    def _step(self, rate: float) -> None:
        self.optimizer.set_rate(rate)
        self.optimizer.step()
        self._clear()

    def _clear(self) -> None:
        for parameter in self.optimizer.parameters:
            parameter.grad = None

    def _use_threads(self, rows: int) -> None:
        self.threads = self._chosen_threads or threads_for(rows, self.every)
        use_threads(self.threads)
