"""The order in which examples are visited: permutation, cursor, its own random generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Visit:
    """Where an epoch stands; enough to come back to it."""

    place: int  # examples visited since the beginning
    order: str
    visits: Tensor | None
    fixed: Tensor | None
    generator: Tensor


class Sampler:
    """Visits `n` examples epoch after epoch, in one of the orders of `core.config.ORDERS`.

    A shuffled epoch's permutation is `torch.randperm(n, generator=g)` with
    `g = torch.Generator().manual_seed(seed)`, drawn anew for each epoch, so plain PyTorch can
    repeat it. It is drawn when the epoch's first example is asked for. Permutation and cursor
    outlive every change of batch size; a change of order re-arranges what is left of the epoch,
    so that even then no example is seen twice (but for the order `replacement`).
    """

    def __init__(self, n: int, order: str, seed: int) -> None:
        self.n = n
        self.order = order
        self.epochs_done = 0
        self.cursor = 0
        self._generator = torch.Generator().manual_seed(seed)
        self._visits: Tensor | None = None  # (n,) int64: this epoch's order, once drawn
        self._fixed: Tensor | None = None  # the one shuffle of the order `fixed`
        self._before: Visit | None = None  # as it was before the last change of order
        self._undrawn: Visit | None = None  # as it was before the epoch under way was drawn

    @property
    def left(self) -> int:
        """How many examples of this epoch are still to be visited."""
        return self.n - self.cursor

    def peek(self, count: int) -> Tensor:
        """The next `count` indices (int64), at most to the epoch's end, without moving on."""
        if self._visits is None:
            self._undrawn = self._visit()
            self._visits = self._draw()
        return self._visits[self.cursor : self.cursor + count]

    def advance(self, count: int) -> None:
        """Move past `count` examples, which must not lead beyond the epoch's end."""
        assert 0 <= count <= self.left
        self.cursor += count
        if self.cursor == self.n:
            self.cursor, self._visits = 0, None
            self._undrawn = None
            self.epochs_done += 1

    def reorder(self, order: str) -> None:
        """Visit what is left of this epoch, and all later ones, in another order.

        Going back to the former order before an example was visited restores it exactly.
        """
        if order == self.order:
            return
        if self.cursor == 0 and self._undrawn is not None:
            self._restore(self._undrawn)  # nothing was visited: it was as good as not drawn
        before, here = self._before, self._visit()
        if before and before.order == order and before.place == here.place:
            self._restore(before)
        else:
            self.order = order
            if self._visits is not None:
                self._visits = self._rearranged(self._visits)
        self._before = here

    def _visit(self) -> Visit:
        place = self.epochs_done * self.n + self.cursor
        generator = self._generator.get_state()
        return Visit(place, self.order, self._visits, self._fixed, generator)

    def _restore(self, visit: Visit) -> None:
        self.order, self._visits, self._fixed = visit.order, visit.visits, visit.fixed
        self._generator.set_state(visit.generator)
        self._undrawn = None

    def _draw(self) -> Tensor:
        match self.order:
            case "sequential":
                return torch.arange(self.n)
            case "replacement":
                return torch.randint(self.n, (self.n,), generator=self._generator)
            case "fixed":
                return self._fixed_shuffle()
            case _:
                return torch.randperm(self.n, generator=self._generator)

    def _fixed_shuffle(self) -> Tensor:
        if self._fixed is None:
            self._fixed = torch.randperm(self.n, generator=self._generator)
        return self._fixed

    def _rearranged(self, visits: Tensor) -> Tensor:
        """The same epoch with what is left of it in the present order."""
        seen = visits[: self.cursor]
        if self.order == "replacement":
            rest = torch.randint(self.n, (self.left,), generator=self._generator)
        else:
            unseen = torch.ones(self.n, dtype=torch.bool)
            unseen[seen] = False
            whole = self._draw()
            rest = whole[unseen[whole]][: self.left]
        return torch.cat([seen, rest])

    def state(self) -> dict[str, Any]:
        """All that decides the visits to come."""
        undrawn = self._undrawn if self.cursor == 0 else None
        visit = undrawn or self._visit()
        return {
            "order": self.order,
            "epochs_done": self.epochs_done,
            "cursor": self.cursor,
            "generator": visit.generator,
            "visits": visit.visits,
            "fixed": visit.fixed,
            "before": self._before,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.order = state["order"]
        self.epochs_done = state["epochs_done"]
        self.cursor = state["cursor"]
        self._generator.set_state(state["generator"])
        self._visits, self._fixed = state["visits"], state["fixed"]
        self._before, self._undrawn = state["before"], None
