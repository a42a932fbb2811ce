"""How the learning rate changes with the epochs: a factor on the rate that is set."""

from __future__ import annotations

import math
from dataclasses import dataclass

SCHEDULES = {
    "constant": "the learning rate stays as it is set",
    "step": "it is multiplied by the decay every so many epochs",
    "exponential": "it falls evenly, by the decay every so many epochs",
    "cosine": "it follows half a cosine down to zero, and stays there",
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning-rate schedule, measured in epochs since `start`, the epoch it was chosen at.

    Epochs, not updates, so that it means the same for every batch size. `warmup` epochs of a
    rising rate come first; then the shape `kind`, over `period` epochs, with factor `decay`.
    """

    kind: str = "constant"
    warmup: float = 0.0
    decay: float = 0.5
    period: float = 1.0
    start: float = 0.0

    @property
    def constant(self) -> bool:
        return self.kind == "constant" and self.warmup == 0

    def factor(self, before: float, after: float) -> float:
        """The factor for an update that leads from epoch `before` to epoch `after`.

        The warm-up looks at where the update ends, so that the first one is not lost at a
        rate of zero; the decay looks at where it begins.
        """
        since = before - self.start
        if since < self.warmup:
            return min(1.0, (after - self.start) / self.warmup)
        periods = (since - self.warmup) / self.period
        match self.kind:
            case "step":
                return math.pow(self.decay, math.floor(periods))
            case "exponential":
                return math.pow(self.decay, periods)
            case "cosine":
                return 0.5 * (1 + math.cos(math.pi * min(periods, 1.0)))
            case _:
                return 1.0
