"""What a network is judged by while it trains: torch's losses by name, or the user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.tasks import Task

if TYPE_CHECKING:
    from torch import Tensor

Compute = Callable[["Tensor", "Tensor"], "Tensor"]

# By the names that people write: the function of torch.nn.functional, and what it is for.
LOSSES = {
    "cross-entropy": ("cross_entropy", Task.CLASSIFICATION),
    "nll": ("nll_loss", Task.CLASSIFICATION),  # of log-probabilities
    "multi-margin": ("multi_margin_loss", Task.CLASSIFICATION),
    "mse": ("mse_loss", Task.REGRESSION),
    "l1": ("l1_loss", Task.REGRESSION),
    "smooth-l1": ("smooth_l1_loss", Task.REGRESSION),
    "huber": ("huber_loss", Task.REGRESSION),
    "poisson-nll": ("poisson_nll_loss", Task.REGRESSION),
}
USUAL = {Task.CLASSIFICATION: "cross-entropy", Task.REGRESSION: "mse"}


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of outputs (n, ...) and targets (n, ...), a mean over the examples.

    `name` is one of LOSSES, or what the user's own is called, which `own` computes then.
    """

    name: str
    own: Compute | None = None

    def mean(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean over these examples."""
        return self.own(outputs, targets) if self.own else self._torch(outputs, targets, "mean")

    def part(self, outputs: Tensor, targets: Tensor, total: int) -> Tensor:
        """What these examples add to the mean over `total` examples."""
        if len(targets) == total:
            return self.mean(outputs, targets)
        if self.own:
            return self.own(outputs, targets) * (len(targets) / total)
        return self._torch(outputs, targets, "sum") / (total * targets[0].numel())

    def _torch(self, outputs: Tensor, targets: Tensor, reduction: str) -> Tensor:
        from torch.nn import functional as F

        function, _ = LOSSES[self.name]
        loss: Tensor = getattr(F, function)(outputs, targets, reduction=reduction)
        return loss
