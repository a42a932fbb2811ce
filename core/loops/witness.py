"""Sees what a training loop does that is not ours: its optimizer's steps, and its losses."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook


class Witness:
    """While it is open, notes each step of the optimizer, with the loss that led there.

    The optimizer is the one that was given, else the first that makes a step. A loss is whatever
    number `backward` is called of, unless the loop tells its own; of several before a step, as
    where gradients are accumulated, the sum. One whose gradients were used by another optimizer's
    step, or set to zero before a step, is forgotten. One that a GradScaler scaled counts as it
    was before. It stays where it was computed: no device is waited for.
    """

    def __init__(self, optimizer: Optimizer | None = None) -> None:
        self.optimizer = optimizer
        self.others: set[str] = set()  # classes of optimizers that make steps, too
        self._tells = False  # the loop itself, by `tell`
        self._loss: Tensor | None = None
        self._spent = False  # by another optimizer's step
        self._steps: list[Tensor | None] = []
        self._scaled: tuple[weakref.ref[Tensor], Tensor] | None = None
        self._undo: list[Any] = []

    def open(self) -> None:
        hook = register_optimizer_step_post_hook(self._see_step)
        backward, zero_grad = Tensor.backward, Optimizer.zero_grad
        scaler = torch.amp.GradScaler
        scale = scaler.scale

        def seen_backward(tensor: Tensor, *args: Any, **options: Any) -> None:
            backward(tensor, *args, **options)  # type: ignore[no-untyped-call]
            self._see_loss(tensor)

        def seen_zero_grad(optimizer: Optimizer, *args: Any, **options: Any) -> None:
            zero_grad(optimizer, *args, **options)
            self._see_zero_grad(optimizer)

        def seen_scale(of: Any, outputs: Any) -> Any:
            scaled = scale(of, outputs)
            if isinstance(scaled, Tensor):
                self._scaled = weakref.ref(scaled), outputs.detach()
            return scaled

        Tensor.backward = seen_backward  # type: ignore[method-assign, assignment]
        Optimizer.zero_grad = seen_zero_grad  # type: ignore[method-assign, assignment]
        scaler.scale = seen_scale  # type: ignore[method-assign, assignment]
        self._undo = [
            hook.remove,
            lambda: setattr(Tensor, "backward", backward),
            lambda: setattr(Optimizer, "zero_grad", zero_grad),
            lambda: setattr(scaler, "scale", scale),
        ]

    def close(self) -> None:
        while self._undo:
            self._undo.pop()()

    def tell(self, loss: Tensor | float) -> None:
        """The loss of the update under way, from the loop itself."""
        self._tells = True
        self._add(loss.detach() if isinstance(loss, Tensor) else torch.tensor(float(loss)))

    def take(self) -> list[Tensor | None]:
        """The loss of each step since the last time, None where there was none to be seen."""
        steps, self._steps = self._steps, []
        return steps

    @property
    def pending(self) -> Tensor | None:
        """The loss since the last step; it is forgotten then."""
        loss = self._loss
        self._forget()
        return loss

    @property
    def learns(self) -> bool:
        """Whether there was a loss since the last step."""
        return self._loss is not None

    def _see_step(self, optimizer: Optimizer, *_: object) -> None:
        if self.optimizer is None:
            self.optimizer = optimizer
        if optimizer is not self.optimizer:
            self.others.add(type(optimizer).__name__)
            self._spent = True  # unless ours makes a step of it, too, before the next loss
            return
        self._steps.append(self.pending)

    def _see_loss(self, tensor: Tensor) -> None:
        if self._tells or tensor.numel() != 1:
            return
        if self._spent:
            self._forget()
        scaled = self._scaled
        self._add(scaled[1] if scaled and scaled[0]() is tensor else tensor.detach())

    def _see_zero_grad(self, optimizer: Optimizer) -> None:
        """Gradients are gone: a GradScaler has made no step of them, say."""
        if not self._tells and self.optimizer in (None, optimizer):
            self._forget()

    def _forget(self) -> None:
        self._loss, self._spent = None, False

    def _add(self, loss: Tensor) -> None:
        loss = loss.reshape(())
        self._loss = loss.clone() if self._loss is None else self._loss + loss
