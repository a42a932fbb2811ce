"""How a slice of updates is carried out: one file per way, all interchangeable mid-run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from core.optimizers.live import LiveOptimizer


class Stepper(Protocol):
    """A way to carry out updates on a model's own parameters and its optimizer's own state.

    An update whose loss is not finite is not made; its loss is still returned, as the last.
    """

    optimizer: LiveOptimizer
    every: int  # threads that a large pass takes, unless they were chosen: bits depend on it
    shares: bool  # holds no lock while it works, so that another run can work at the same time

    @property
    def name(self) -> str: ...

    @property
    def threads(self) -> int:
        """Processor threads of the latest update."""
        ...

    def updates(self, rows: Tensor, rates: NDArray[np.float64]) -> NDArray[np.float32]:
        """Make an update from each row of `rows` (k, size), indices of training examples.

        `rates` (k,) are their learning rates. Ends after the first loss that is not finite.
        Returns the loss of each update that was tried, at least one. An update that raises is
        not made: if others came before it in this call, they are returned, and the next call
        raises what it raised.
        """
        ...

    def accumulate(self, rows: Tensor, total: int) -> None:
        """Add these examples' share to the gradient of one update over `total` examples."""
        ...

    def apply(self, rate: float) -> float:
        """Make the update whose gradient was accumulated; returns its loss."""
        ...

    def abandon(self) -> None:
        """Drop what was accumulated."""
        ...
