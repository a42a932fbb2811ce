"""Which stepper carries out a run's updates, and why not a faster one."""

from __future__ import annotations

from torch import nn

from core.data.dataset import Dataset
from core.optimizers.live import LiveOptimizer
from core.steppers import Stepper
from core.steppers.autograd import AutogradStepper
from core.steppers.fused.chain import Chain, chain_of
from core.steppers.fused.preparation import Preparation
from core.steppers.fused.rules import RULES
from core.threads import EVERY


class Steppers:
    """The steppers of one run, made when they are first wanted; they share its weights."""

    def __init__(
        self, model: nn.Module, data: Dataset, threads: int | None, kernels: Preparation
    ) -> None:
        self._model = model
        self._data = data
        self._threads = threads
        self._kernels = kernels
        self._every = EVERY
        self._pinned = ""  # the name of the stepper that is to serve, where that was decided
        self._chain: Chain | None = chain_of(model)
        self._fused: Stepper | None = None
        self._autograd: Stepper | None = None

    def pin(self, name: str, every: int) -> None:
        """Let the stepper `name` serve, where it can, as on a machine of `every` threads."""
        self._pinned, self._every = name, every

    def why_not_fused(self, optimizer: LiveOptimizer) -> str:
        """What keeps the compiled kernels from this run at the moment; nothing if they serve."""
        if self._data.train_images.device.type != "cpu":
            return "the kernels are for the processor"
        if self._chain is None:
            return "the kernels are for chains of linear layers"
        if optimizer.spec.name not in RULES:
            return f"there is no kernel for {optimizer.spec.torch_name}"
        if self._pinned == "autograd":
            return "the recording was made without the kernels"
        if self._kernels.fault:
            return self._kernels.fault
        return "" if self._kernels.ready else "the kernels are being compiled"

    def best(self, optimizer: LiveOptimizer) -> Stepper:
        """The fastest stepper that serves, set to this optimizer."""
        stepper = self._autograd_stepper(optimizer)
        if not self.why_not_fused(optimizer):
            stepper = self._fused_stepper(optimizer)
        stepper.optimizer, stepper.every = optimizer, self._every
        return stepper

    def _autograd_stepper(self, optimizer: LiveOptimizer) -> Stepper:
        if self._autograd is None:
            images, labels = self._data.train_images, self._data.train_labels
            self._autograd = AutogradStepper(self._model, optimizer, images, labels, self._threads)
        return self._autograd

    def _fused_stepper(self, optimizer: LiveOptimizer) -> Stepper:
        from core.steppers.fused.stepper import FusedStepper

        if self._fused is None:
            assert self._chain is not None
            images, labels = self._data.train_images, self._data.train_labels
            self._fused = FusedStepper(self._chain, optimizer, images, labels, self._threads)
        return self._fused
