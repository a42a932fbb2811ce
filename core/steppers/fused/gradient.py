"""The gradient of many examples at once, by torch's own matrix products but without autograd.

torch's BLAS is faster on large matrices than the one that numba calls; what autograd would add, a
graph and new memory for each update, is left out. Several threads share the examples, each with
a gradient of its own: they meet once per piece, where torch's own threads would meet at every
operation.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch
from torch import Tensor

from core.steppers.fused.rules import RELU, SIGMOID, TANH
from core.threads import EVERY, use_threads


class SharedGradient:
    """A gradient gathered by several threads; `parts` has one share of the sums for each."""

    def __init__(self, parts: list[LargeGradient]) -> None:
        self._parts = parts

    def clear(self) -> None:
        """Begin another gradient."""
        for part in self._parts:
            part.clear()

    def add(self, rows: Tensor, total: int, threads: int) -> None:
        """Add the examples in `rows` (b,): their part of the mean over `total` examples."""
        shares = torch.tensor_split(rows, min(threads, len(self._parts), len(rows)))
        pieces = zip(self._parts, shares, strict=False)
        if len(shares) == 1:
            use_threads(1)
            self._parts[0].add(rows, total)
        else:
            list(_pool().map(lambda piece: piece[0].add(piece[1], total), pieces))

    @property
    def loss(self) -> float:
        return sum(part.loss for part in self._parts)

    def gather(self) -> None:
        """Add all parts to the first one's sums, in the same order every time."""
        first, *others = (part.sums for part in self._parts)
        for other in others:
            for total, more in zip(first, other, strict=True):
                total.add_(more)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(EVERY, "gradient", initializer=_settle_in)


def _settle_in() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


class LargeGradient:
    """Sums gradients of a chain of linear layers over examples, piece by piece.

    `weights` are the chain's parameters: matrix (outputs, inputs), bias (outputs,), and so on;
    `sums` have the same shapes and gather the gradient; `kinds` says what follows each layer.
    `images` is (n, inputs), `labels` (n,). Room for a piece's activations is kept and used again.
    """

    def __init__(
        self,
        weights: list[Tensor],
        sums: list[Tensor],
        kinds: list[int],
        images: Tensor,
        labels: Tensor,
    ) -> None:
        self._matrices, self._biases = weights[::2], weights[1::2]
        self.sums = sums
        self._matrix_sums, self._bias_sums = sums[::2], sums[1::2]
        self._kinds = kinds
        self._images = images
        self._labels = labels
        self._room: list[Tensor] = []  # for each layer's activations (rows, outputs)
        self.loss = 0.0

    def clear(self) -> None:
        """Begin another gradient."""
        self.loss = 0.0
        for each in self.sums:
            each.zero_()

    @torch.no_grad()
    def add(self, rows: Tensor, total: int) -> None:
        """Add the examples in `rows` (b,): their part of the mean over `total` examples."""
        x, labels = self._examples(rows)
        activations = self._forward(x)
        logits = activations[-1]
        log_probabilities = torch.log_softmax(logits, 1)
        picked = labels.view(-1, 1)
        self.loss -= float(log_probabilities.gather(1, picked).sum()) / total
        delta = log_probabilities.exp_()
        delta.scatter_add_(1, picked, torch.full_like(picked, -1, dtype=delta.dtype))
        self._backward(delta.mul_(1 / total), [x, *activations])

    def _examples(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The examples in these rows; without a copy where they follow one another."""
        first, last = int(rows[0]), int(rows[-1])
        ascending = last - first == len(rows) - 1 and bool((rows[1:] > rows[:-1]).all())
        if ascending:
            return self._images[first : last + 1], self._labels[first : last + 1]
        return self._images[rows], self._labels[rows]

    def _forward(self, x: Tensor) -> list[Tensor]:
        if not self._room or len(self._room[0]) < len(x):
            self._room = [torch.empty(len(x), len(bias)) for bias in self._biases]
        inputs, activations = x, []
        layers = zip(self._matrices, self._biases, self._kinds, self._room, strict=True)
        for matrix, bias, kind, room in layers:
            inputs = torch.addmm(bias, inputs, matrix.t(), out=room[: len(x)])
            if kind == RELU:
                inputs.relu_()
            elif kind == TANH:
                inputs.tanh_()
            elif kind == SIGMOID:
                inputs.sigmoid_()
            activations.append(inputs)
        return activations

    def _backward(self, delta: Tensor, inputs: list[Tensor]) -> None:
        """Add to the sums, from the gradient `delta` by the logits (b, classes)."""
        for layer in reversed(range(len(self._kinds))):
            self._matrix_sums[layer].addmm_(delta.t(), inputs[layer])
            self._bias_sums[layer].add_(delta.sum(0))
            if layer > 0:
                a, kind = inputs[layer], self._kinds[layer - 1]
                delta = delta @ self._matrices[layer]
                if kind == RELU:
                    delta.mul_(a > 0)
                elif kind == TANH:
                    delta.mul_(1 - a * a)
                elif kind == SIGMOID:
                    delta.mul_(a * (1 - a))
