"""What became of the batches of a loop that is not ours: updates, examples, seconds, losses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from core.library.optimizers import row_of, values_of
from core.loops.batches import Batches
from core.loops.witness import Witness
from core.optimizers.table import OptimizerSpec
from core.pace import RateMeter
from core.record import Record
from core.snapshot import Evaluation, Moment

_PATIENCE = 64  # batches without a step after which each of them counts as an update
_MOST_FRESH = 4_096  # losses that wait on their device
UNSEEN = OptimizerSpec("unseen", "no optimizer seen", (), (), "no optimizer has made a step yet")


@dataclass
class _Since:
    """The batches since the last update."""

    batches: int = 0
    examples: int = 0
    seconds: float = 0.0

    def add(self, examples: int, seconds: float) -> None:
        self.batches += 1
        self.examples += examples
        self.seconds += seconds

    def sizes(self, updates: int) -> list[int]:
        """The examples of each of so many updates that were made of them."""
        each, rest = divmod(self.examples, updates)
        return [each + (place < rest) for place in range(updates)]

    def times(self, updates: int) -> list[float]:
        return [self.seconds / updates] * updates


class Tally:
    """Counts from batch to batch, and remembers what is to be drawn.

    What was noted is entered into the record by `settle` alone: losses stay on their device
    until then.
    """

    def __init__(
        self, optimizer: Optimizer | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.record = Record()
        self.witness = Witness(optimizer)
        self.meter = RateMeter()
        self.batches: Batches | None = None
        self.spec = UNSEEN
        self.values: dict[str, Any] = {}  # of the optimizer's hyperparameters
        self.updates = self.examples = self.epochs = 0
        self.seconds = 0.0
        self.batches_per_update = 1.0
        self._clock = clock
        self._seen = 0  # batches
        self._since = _Since()
        self._fresh: list[tuple[int, float, Tensor | None]] = []  # size, seconds, loss
        self._not_finite = False
        self._others: set[str] = set()

    @property
    def at(self) -> Moment:
        return Moment(
            self.updates, self.examples, self.seconds, self.examples / self.examples_of_epoch
        )

    @property
    def examples_of_epoch(self) -> int:
        """As far as that is known: else as many as there were until now."""
        known = self.batches.examples if self.batches else None
        return known or max(1, self.examples // max(1, self.epochs))

    @property
    def known(self) -> bool:
        """Whether enough was seen of the loop to show it."""
        return self.witness.optimizer is not None or self._seen >= 2

    @property
    def made(self) -> int:
        """Updates, those that are not settled among them."""
        return self.updates + len(self._fresh)

    @property
    def full(self) -> bool:
        """Whether it is time to settle."""
        return len(self._fresh) >= _MOST_FRESH

    def begin_phase(self, size: int) -> None:
        """From now on batches are of that size."""
        self.settle()
        phases = self.record.phases
        if not phases or phases[-1].batch_size != size:
            self.record.begin_phase("mini-batch", size, self.at)

    def note(self, batch: Any, seconds: float) -> int:
        """Look at what became of a batch that was handed out; how many updates that were."""
        assert self.batches is not None
        self._seen += 1
        steps = self.witness.take()
        knows = self.witness.optimizer is not None
        if knows and not steps and not self.witness.learns:
            return 0  # it was only looked at, as in an evaluation
        if self.batches.size is None:
            self.begin_phase(self.batches.count(batch))
        since = self._since
        since.add(self.batches.count(batch), seconds)
        if not steps:
            if knows or self._seen < _PATIENCE:
                return 0  # gradients are being accumulated
            steps = [self.witness.pending]
        self._fresh += zip(since.sizes(len(steps)), since.times(len(steps)), steps, strict=True)
        self.batches_per_update = since.batches / len(steps)
        self._since = _Since()
        return len(steps)

    def settle(self) -> None:
        """Enter the latest updates into the record, and look at the optimizer as it is now."""
        self.look_at_optimizer()
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        sizes = np.array([size for size, _, _ in fresh], np.int64)
        seconds = sum(spent for _, spent, _ in fresh)
        losses = _numbers([loss for _, _, loss in fresh])
        self.record.add_updates(self.at, sizes, seconds, losses)
        self.updates += len(fresh)
        self.examples += int(sizes.sum())
        self.seconds += seconds
        self.meter.mark(self._clock(), self.updates, self.examples)
        self._remark(losses, np.array([loss is not None for _, _, loss in fresh]))

    def look_at_optimizer(self) -> None:
        """Take its hyperparameters as they are: the loop may change them, too."""
        optimizer = self.witness.optimizer
        if optimizer is None:
            return
        if self.spec is UNSEEN:
            self.spec = row_of(optimizer)
        self.values = values_of(optimizer, self.spec)

    def judge(self, evaluate: Callable[[], float | tuple[float, float]]) -> None:
        """Remember how the network did on the test set, as `evaluate` has it."""
        judged = evaluate()
        loss, accuracy = judged if isinstance(judged, tuple) else (judged, None)
        said = None if accuracy is None else float(accuracy)
        self.record.add_evaluation(Evaluation(self.at, float(loss), said), torch.empty(0))

    def _remark(self, losses: NDArray[np.float32], seen: NDArray[np.bool_]) -> None:
        """Say what is not as it should be, once."""
        broken = bool(np.any(~np.isfinite(losses) & seen))
        if broken and not self._not_finite:
            self.record.add_event(self.at, "diverged", after="the loss is not finite")
        self._not_finite = broken
        for name in sorted(self.witness.others - self._others):
            said = f"another one, {name}, makes steps, too"
            note = f"loss and learning rate are those of the one watched, {self.spec.torch_name}"
            self.record.add_event(self.at, "optimizer", after=said, note=note)
        self._others |= self.witness.others


def _numbers(losses: list[Tensor | None]) -> NDArray[np.float32]:
    """The losses (k,), not-a-number where none was seen."""
    told = np.full(len(losses), np.nan, np.float32)
    places = [place for place, loss in enumerate(losses) if loss is not None]
    if places:
        tensors = [loss.float() for loss in losses if loss is not None]
        told[places] = torch.stack([each.to(tensors[0].device) for each in tensors]).cpu().numpy()
    return told
