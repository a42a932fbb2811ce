"""Where the runs' weights are, now and then, for the picture of their paths."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from core.measuring.projection import Projection
from core.measuring.weights import flat
from core.run import Run
from core.snapshot import Paths
from core.trainer import Time

_SECONDS = 0.1  # between two looks at the weights, at least
_RARELY = 50  # times as long as a look took
_RENEWED = 0.5  # seconds between two pictures while runs train


class Tracker:
    """Follows `runs` from where the first of them stands, and their forks; looks at all at once."""

    def __init__(self, runs: Sequence[Run], clock: Time) -> None:
        self._clock = clock
        self._followed = {run.id for run in runs}
        start = flat(runs[0].trainer.optimizer.parameters)
        self._size = start.numel()
        self._projection = Projection(start)
        self._seen: dict[int, int] = {}  # the update at which each run's weights were seen last
        self._due = -math.inf
        self._made: Paths | None = None
        self._made_at = -math.inf

    def can_follow(self, run: Run) -> bool:
        """Whether its network is of the same size: those of an experiment are not."""
        return sum(p.numel() for p in run.trainer.optimizer.parameters) == self._size

    def fork(self, parent: Run, child: Run) -> None:
        """From here on they part."""
        self._followed |= {parent.id, child.id}
        self._look_at(parent)
        self._projection.copy_path(parent.id, child.id)

    def begin_anew(self, run: Run) -> None:
        """It did not walk to where it is now: its path begins there."""
        self._projection.drop(run.id)
        self._seen.pop(run.id, None)

    def forget(self, run: Run) -> None:
        self._followed.discard(run.id)
        self._projection.drop(run.id)
        self._seen.pop(run.id, None)

    def look(self, runs: Iterable[Run], *, at_once: bool = False) -> None:
        """Take in where the runs are, unless that was done a moment ago."""
        began = self._clock()
        if began < self._due and not at_once:
            return
        for run in runs:
            moved = self._seen.get(run.id) != run.trainer.updates
            if moved and run.id in self._followed and self.can_follow(run):
                self._look_at(run)
        now = self._clock()
        self._due = now + max(_SECONDS, _RARELY * (now - began))

    def paths(self, runs: Iterable[Run], *, final: bool = False) -> Paths | None:
        """The picture of them; while they train, one a moment old will do."""
        if final or self._clock() - self._made_at >= _RENEWED:
            self._made_at = self._clock()
            self._made = self._projection.paths([run.id for run in runs])
        return self._made

    def _look_at(self, run: Run) -> None:
        self._seen[run.id] = run.trainer.updates
        self._projection.add(run.id, flat(run.trainer.optimizer.parameters))
