"""What is known of a run's past: its losses, evaluations, phases and events."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.history import RecentWindow, Series, stamps, trembling
from core.snapshot import MILESTONES, Evaluation, Event, History, Moment, Phase

_RUNNING_MEAN_EXAMPLES = 4_000
_TREMBLING_UPDATES = 200
_COST_SECONDS = 1.0
_SLOW = 4.0  # times as slow as usual: more is a halt
_EVENTS_KEPT = 500


class Record:
    """The past of one run; bounded, whatever the run's length.

    `revision` grows whenever a curve or a phase changes; a past that replaces another begins
    beyond it.
    """

    def __init__(self, revision: int = 0) -> None:
        self.revision = revision
        self.window = RecentWindow()
        self.phases: tuple[Phase, ...] = ()
        self.events: tuple[Event, ...] = ()
        self.evaluation: Evaluation | None = None
        self.best: Evaluation | None = None
        self.lowest_test_loss = math.inf
        self.reached: dict[float, Moment] = {}  # where an evaluation first showed a milestone
        # What was said of each test example at the latest evaluation: (n,) int64, or (n, t).
        self.predictions: Tensor | None = None
        self.costs: dict[str, tuple[float, float]] = {}  # seconds and updates, by strategy
        self._train_loss = Series()
        self._test_loss = Series()
        self._test_accuracy = Series()

    def add_updates(
        self, start: Moment, sizes: NDArray[np.int64], seconds: float, losses: NDArray[np.float32]
    ) -> None:
        """Note updates that began at `start` and took `seconds` together."""
        self.revision += 1
        self.window.extend(losses, sizes)
        self._train_loss.extend(*stamps(start, sizes, seconds), losses.astype(np.float64))
        if self.phases and sizes[0] == self.phases[-1].batch_size:  # not the epoch's last few
            self._note_cost(self.phases[-1].strategy, seconds, len(losses))

    def add_evaluation(self, evaluation: Evaluation, predictions: Tensor) -> None:
        self.revision += 1
        self.predictions = predictions
        self.evaluation = evaluation
        if self.best is None or evaluation.score > self.best.score:
            self.best = evaluation
        self.lowest_test_loss = min(self.lowest_test_loss, evaluation.loss)
        self._test_loss.add(evaluation.at, evaluation.loss)
        if evaluation.accuracy is not None:
            self._test_accuracy.add(evaluation.at, evaluation.accuracy)
            for accuracy in MILESTONES:
                if evaluation.accuracy >= accuracy:
                    self.reached.setdefault(accuracy, evaluation.at)

    def add_event(
        self, at: Moment, what: str, before: str = "", after: str = "", note: str = ""
    ) -> None:
        number = self.events[-1].number + 1 if self.events else 1
        event = Event(number, at, what, before, after, note)
        self.events = (*self.events, event)[-_EVENTS_KEPT:]

    def begin_phase(self, strategy: str, batch_size: int, at: Moment) -> None:
        """From now on updates are of this kind; a phase without an update leaves no trace."""
        self.revision += 1
        if any(p.strategy == strategy and p.batch_size != batch_size for p in self.phases):
            kept = {name: cost for name, cost in self.costs.items() if name != strategy}
            self.costs = kept  # it may be of another size
        self._train_loss.begin_phase()
        earlier = [phase for phase in self.phases if phase.start.updates < at.updates]
        same = earlier and (earlier[-1].strategy, earlier[-1].batch_size) == (strategy, batch_size)
        self.phases = (*earlier,) if same else (*earlier, Phase(strategy, batch_size, at))
        self.phases = self.phases[-_EVENTS_KEPT:]

    @property
    def train_loss(self) -> float | None:
        """The running mean of the training loss."""
        return self.window.running_mean(_RUNNING_MEAN_EXAMPLES)

    def trembling(self, updates: int) -> float | None:
        """The spread from update to update, over the latest updates of the present phase."""
        of_phase = updates - self.phases[-1].start.updates if self.phases else updates
        return trembling(self.window.latest(min(of_phase, _TREMBLING_UPDATES)))

    @property
    def seconds_per_update(self) -> dict[str, float]:
        """What an update costs, by strategy; absent what was not tried yet."""
        return {strategy: time / count for strategy, (time, count) in self.costs.items()}

    def history(self) -> History:
        return History(
            self.revision,
            self._train_loss.curves(),
            self._test_loss.curves(),
            self._test_accuracy.curves(),
            self.phases,
        )

    def copy(self) -> Record:
        copied = copy.copy(self)
        copied.window = self.window.copy()
        copied.costs = dict(self.costs)
        copied.reached = dict(self.reached)
        copied._train_loss = self._train_loss.copy()
        copied._test_loss = self._test_loss.copy()
        copied._test_accuracy = self._test_accuracy.copy()
        return copied

    @property
    def series(self) -> dict[str, Series]:
        """The curves by name."""
        return {
            "train_loss": self._train_loss,
            "test_loss": self._test_loss,
            "test_accuracy": self._test_accuracy,
        }

    def arrays(self) -> Iterator[NDArray[Any] | Tensor]:
        """Every array in it."""
        yield from self.window.arrays()
        for series in self.series.values():
            yield from series.arrays()
        if self.predictions is not None:
            yield self.predictions

    def forget_costs(self) -> None:
        """What updates cost so far says nothing of those to come."""
        self.costs = {}

    def _note_cost(self, strategy: str, seconds: float, updates: int) -> None:
        """Keep what an update costs under a strategy: time over updates, of the latest second.

        Both fade together, so that a slice in which the machine was busy counts for no more
        updates than it made. One in which all stood still, as after ctrl+z, counts as a slow one:
        slices are sized by this cost, and would shrink to nothing.
        """
        time, count = self.costs.get(strategy, (0.0, 0.0))
        if time:
            seconds = min(seconds, _SLOW * updates * time / count)
        kept = math.exp(-seconds / _COST_SECONDS)
        cost = kept * time + seconds, kept * count + updates
        self.costs = {**self.costs, strategy: cost}  # another: other threads may be reading it
