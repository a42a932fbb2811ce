"""How straight the path of a run's weights is, from some successive updates."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.threads import use_threads

WINDOW = 16  # updates


class PathMeter:
    """Watches successive updates of one run, `window` of them, from `begin` on.

    It keeps copies of three vectors of the weights' length, and room for a fourth, however long
    it watches. An update of no length has no direction: it takes part in no cosine. Nor does one
    whose square float32 cannot hold, be it too small or too large.
    """

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._clear()

    def _clear(self) -> None:
        self.updates = 0  # watched so far
        self._length = 0.0  # of the path
        self._cosines = 0.0  # their sum
        self._pairs = 0  # of successive updates that have directions

    def begin(self, weights: Tensor) -> None:
        """Watch from here: `weights` is (d,) float32, before the first update to be watched."""
        self._clear()
        self._start = weights.clone()
        self._weights = weights.clone()
        self._update = torch.zeros_like(weights)
        self._room = torch.empty_like(weights)
        self._update_length = 0.0

    def watch(self, weights: Tensor) -> None:
        """Take in the weights after one more update; `begin` must have come before."""
        use_threads(1)
        update, before = self._room, self._update
        torch.sub(weights, self._weights, out=update)
        products = torch.stack([update @ update, update @ before])
        square, product = products.tolist()  # at once: a GPU is waited for
        length = math.sqrt(square)
        lengths = length * self._update_length
        if lengths > 0 and math.isfinite(lengths):
            self._cosines += min(1.0, max(-1.0, product / lengths))
            self._pairs += 1
        self.updates += 1
        self._length += length
        self._weights.copy_(weights)
        self._update, self._room, self._update_length = update, before, length

    @property
    def update(self) -> Tensor:
        """The latest one, (d,); what it holds is another's after the next."""
        return self._update

    @property
    def done(self) -> bool:
        """Whether the window is full."""
        return self.updates >= self._window

    @property
    def cosine(self) -> float | None:
        """The mean cosine of the angle between an update and the next, -1 to 1.

        1: straight on; 0: at random, in so many dimensions; below 0: back and forth, as between
        the walls of a valley (Xing et al., "A Walk with SGD", arXiv 1802.08770). None without
        two successive updates that have directions.
        """
        return self._cosines / self._pairs if self._pairs else None

    @property
    def detour(self) -> float | None:
        """The length of the path over the distance from its start to its end, 1 or more.

        1: straight; the square root of the number of updates: at random. It is the inverse of
        the straightness index of animals' paths (Batschelet, "Circular Statistics in Biology",
        1981), and like it comparable between paths of equally many updates only. None if the
        path leads nowhere: back to its start, or nothing moved.
        """
        if not self.updates:
            return None
        distance = float(torch.linalg.vector_norm(self._weights - self._start))
        ratio = self._length / distance if distance else math.inf
        return ratio if math.isfinite(ratio) else None
