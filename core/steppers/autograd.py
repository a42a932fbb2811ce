"""Updates by torch's autograd: any model, any optimizer, any device."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.data.split import Split
from core.losses import Loss
from core.optimizers.live import LiveOptimizer
from core.precision import forward, products
from core.steppers.keeping import Standpoint, Traces, changing
from core.threads import EVERY, threads_for, use_threads

_FEWEST_COLLECTED = 4  # updates of a slice: where there are fewer, looking at each costs nothing
_MOST_KEPT = 1 << 30  # bytes of weights and memories that are copied before a slice


class AutogradStepper:
    """Trains `model` on the `examples`, to make `loss` small.

    `threads` is how many processor threads every update takes; None leaves it to `threads_for`.
    Where it `collects`, which pays on a device that works while the computer goes on, losses are
    fetched at the end of a slice, and what a loss that is not finite has spoiled is made again.
    """

    name = "autograd"
    shares = False

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        optimizer: LiveOptimizer,
        examples: Split,
        threads: int | None = None,
        *,
        collects: bool = False,
    ) -> None:
        self.optimizer = optimizer
        self.threads = threads or 1
        self.every = EVERY
        self.precision = "float32"
        self._model = model
        self._loss = loss
        self._examples = examples
        self._device = examples.targets.device
        self._chosen_threads = threads
        self._collects = collects
        self._traces = Traces(model, self._device)
        self._summed: Tensor | None = None  # the loss so far of the update under way
        self._fault: Exception | None = None  # for the next call to raise

    def prepare(self, rows: Tensor, total: int) -> None:
        """Get ready for passes over these (k, size) examples, each for an update of `total`.

        It is called off the training clock, and changes nothing that decides the updates to come.
        """

    def updates(self, rows: Tensor, rates: NDArray[np.float64]) -> NDArray[np.float32]:
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        self._use_threads(rows.shape[1])
        if self._examples.inputs is not None:
            rows = rows.to(self._device)
        with products(self.precision, self._device):
            if self._may_collect(len(rows)):
                return self._collected(rows, rates)
            return self._checked(rows, rates)

    def accumulate(self, rows: Tensor, total: int) -> None:
        self._use_threads(len(rows))
        with products(self.precision, self._device), self._traces.aside():
            loss = self._backward(rows, total)
        self._summed = loss if self._summed is None else self._summed + loss
        if self._collects:  # else a device would be far behind what was asked of it
            self._summed.item()

    def apply(self, rate: float) -> float:
        assert self._summed is not None, "an update needs a gradient first"
        loss = float(self._summed)
        if math.isfinite(loss):
            self._step(rate)
            self._traces.take_over()
        self.abandon()
        return loss

    def abandon(self) -> None:
        self._summed = self._fault = None
        self._traces.drop()
        self._clear()

    def _checked(self, rows: Tensor, rates: NDArray[np.float64]) -> NDArray[np.float32]:
        """The updates one by one: each waits for its loss, before the weights are changed."""
        losses: list[float] = []
        for indices, rate in zip(rows, rates.tolist(), strict=True):
            before = self._traces.read()
            try:
                losses.append(self._backward(indices, len(indices)).item())
            except Exception as fault:  # a user's model may raise anything
                self._clear()
                self._traces.write(before)
                if not losses:
                    raise
                self._fault = fault
                break
            if not math.isfinite(losses[-1]):
                self._clear()
                self._traces.write(before)
                break
            self._step(rate)
        return np.array(losses, np.float32)

    def _may_collect(self, count: int) -> bool:
        if not self._collects or count < _FEWEST_COLLECTED:
            return False
        tensors = changing(self._model, self.optimizer)
        return sum(tensor.nbytes for tensor in tensors) <= _MOST_KEPT

    def _collected(self, rows: Tensor, rates: NDArray[np.float64]) -> NDArray[np.float32]:
        """The same updates, but looked at together; in the end it is as if each had been checked.

        Up to the first one that went wrong they are made again, if one did.
        """
        before = Standpoint(self._model, self.optimizer, self._traces)
        collected = torch.full((len(rows),), torch.nan, device=self._device)
        broke = False
        try:
            self._make(rows, rates, collected)
        except Exception:
            broke = True
        losses = collected.cpu().numpy()  # the one place that waits for the device
        fine = np.isfinite(losses)
        if not broke and fine.all():
            return losses
        self._clear()
        before.go_back()
        del before
        again = int(fine.argmin()) + 1
        return self._checked(rows[:again], rates[:again])

    def _make(self, rows: Tensor, rates: NDArray[np.float64], losses: Tensor) -> None:
        """Make all of these updates, and write their `losses` (k,), finite or not."""
        for k, (indices, rate) in enumerate(zip(rows, rates.tolist(), strict=True)):
            losses[k] = self._backward(indices, len(indices))
            self._step(rate)

    def _backward(self, indices: Tensor, total: int) -> Tensor:
        """Add these examples' part of the mean loss's gradient to `.grad`; returns that part."""
        loss = self._part(*self._examples.take(indices), total)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _part(self, inputs: Tensor, targets: Tensor, total: int) -> Tensor:
        """What these examples add to the mean loss over `total` examples."""
        with forward(self.precision, self._device):
            return self._loss.part(self._model(inputs), targets, total)

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
