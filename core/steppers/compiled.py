"""Updates by autograd, of a forward pass and a loss that torch's compiler made one program of."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from core.data.split import Split
from core.losses import Loss
from core.optimizers.live import LiveOptimizer
from core.precision import products
from core.steppers.autograd import AutogradStepper

_MOST_SAID = 200  # characters of a fault

Part = Callable[[Tensor, Tensor, int], Tensor]


class CompiledStepper(AutogradStepper):
    """Trains as autograd does. Passes of one size are compiled; those of another go uncompiled.

    `backend` is what torch compiles with.
    """

    name = "compiled"

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        optimizer: LiveOptimizer,
        examples: Split,
        threads: int | None = None,
        *,
        collects: bool = False,
        backend: str = "inductor",
    ) -> None:
        super().__init__(model, loss, optimizer, examples, threads, collects=collects)
        self.fault = ""  # why it cannot be compiled
        self._backend = backend
        self._compiled: Part | None = None
        self._for: tuple[object, ...] = ()  # what it was compiled for

    def prepare(self, rows: Tensor, total: int) -> None:
        """Compile a pass over as many examples, if that is new; it takes some seconds."""
        size = rows.shape[1]
        self._use_threads(size)
        wanted = self._wanted(size, total)
        if self.fault or wanted == self._for:
            return
        left = self._traces.read()
        try:
            self._compiled = self._compile()
            self._for = wanted
            with products(self.precision, self._device):
                self._backward(rows[0], total)
        except Exception as fault:  # whatever a compiler says of a user's model
            self._compiled, self._for = None, ()
            said = str(fault).strip().partition("\n")[0]
            self.fault = f"not compiled: {type(fault).__name__}: {said}"[:_MOST_SAID]
        finally:
            self._clear()
            self._traces.write(left)

    def _wanted(self, size: int, total: int) -> tuple[object, ...]:
        return size, total, self.precision, self._model.training, self.threads

    def _compile(self) -> Part:
        import torch._dynamo  # takes a second or two: only for those who ask

        torch.compiler.reset()  # else it gives up after some changes of the batch size
        # Dropout as autograd has it: the compiler's own random numbers are others.
        options: dict[str, Any] | None = (
            {"fallback_random": True} if self._backend == "inductor" else None
        )
        part: Part = torch.compile(
            super()._part, dynamic=False, backend=self._backend, options=options
        )
        return part

    def _part(self, inputs: Tensor, targets: Tensor, total: int) -> Tensor:
        if self._compiled is None or self._wanted(len(targets), total) != self._for:
            return super()._part(inputs, targets, total)
        return self._compiled(inputs, targets, total)


def why_not_compiled(device: torch.device) -> str:
    """What torch's compiler lacks here; nothing if it can work."""
    named = os.environ.get("CXX"), "g++", "clang++", "c++", "cl"
    if not any(shutil.which(name) for name in named if name):
        return "there is no C++ compiler here"
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        return "there is no triton here, which compiles for GPUs"
    return ""
