"""What a run keeps of its past as it trains, and where its ways back lead."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

from core.checkpoint import Checkpoint
from core.memory import is_out_of_memory
from core.snapshot import MomentKind, MomentView, TimelineView
from core.timeline import Kept, Timeline
from core.trainer import Time, Trainer

_NO_MEMORY_SECONDS = 10.0
_RARELY = 25  # times as long as keeping a moment takes, a run goes on before the next one


class Present(Protocol):
    """What is to be known of a run as it is, to keep it: see `core.run.Run`."""

    trainer: Trainer

    def capture(self) -> Checkpoint: ...


class Past:
    """The timeline of a run, and the last moment at which all was well."""

    def __init__(self, clock: Time) -> None:
        self.timeline = Timeline()
        self.way_back: Checkpoint | None = None
        self.glimpse: Kept | None = None  # the moment that is looked at
        self._clock = clock
        self._cost = 0.0
        self._due = -math.inf  # in wall time: an epoch may last no longer than a few updates
        self._kept_seconds = 0.0  # of training, at the moment kept last
        self._epochs = 0

    def inherit(self, other: Past) -> None:
        """Have the same past as another run, which lies in none of this one's own lines."""
        self.timeline = other.timeline.copy()
        self.way_back = replace(other.way_back, line=-1) if other.way_back else None

    def keep_if_due(self, run: Present) -> None:
        """Keep the moment if it ends an epoch, or if the interval is over."""
        trainer = run.trainer
        if trainer.mid_update or self._clock() < self._due:
            return
        every = trainer.config.snapshot_every
        try:
            self._keep_due(run, every)
        except Exception as fault:
            if not is_out_of_memory(fault):
                raise
            self._due = self._clock() + _NO_MEMORY_SECONDS  # it trains on without

    def _keep_due(self, run: Present, every: float | None) -> None:
        trainer = run.trainer
        if trainer.sampler.cursor == 0 and trainer.sampler.epochs_done != self._epochs:
            self._keep(run, MomentKind.EPOCH)
        elif every is not None and trainer.seconds - self._kept_seconds >= every:
            self._keep(run, MomentKind.INTERVAL)

    def keep_beginning(self, run: Present) -> None:
        """Keep the moment before the first update."""
        if run.trainer.updates == 0 and not self.stands_at_tip(run.trainer):
            kept = self._keep(run, MomentKind.BEGINNING)
            self.way_back = self.way_back or kept.checkpoint

    def keep_before(self, run: Present, what: str) -> Kept:
        """Keep the moment before something is changed."""
        return self._keep(run, MomentKind.CHANGE, what)

    def keep_left(self, run: Present, target: Kept | None = None) -> Kept:
        """Keep the moment that is about to be left for `target`, unless it is kept already."""
        tip, sparing = self.timeline.tip, target.id if target else None
        if tip and self.stands_at_tip(run.trainer):
            return tip
        return self._keep(run, MomentKind.LEFT, sparing=sparing)

    def rebound(self, trainer: Trainer) -> None:
        """Keep to the memory that is set now."""
        self.timeline.bound = trainer.config.snapshot_memory
        self.timeline.thin_out()

    def arrive(self, trainer: Trainer) -> None:
        """The run stands elsewhere now."""
        self._epochs = trainer.sampler.epochs_done
        self._kept_seconds = trainer.seconds
        self.glimpse = None

    def look(self, moment: int | None) -> None:
        """Look at a moment; raises UserError if it has gone."""
        self.glimpse = None if moment is None else self.timeline.find(moment)

    def view(self, trainer: Trainer) -> TimelineView:
        timeline = self.timeline
        return TimelineView(
            timeline.views(here=self.stands_at_tip(trainer)),
            timeline.megabytes,
            timeline.bound,
            _seen(timeline.last_change),
            _seen(timeline.next_change),
        )

    def _keep(
        self, run: Present, kind: MomentKind, what: str = "", sparing: int | None = None
    ) -> Kept:
        trainer = run.trainer
        began = self._clock()
        self.timeline.bound = trainer.config.snapshot_memory
        kept = self.timeline.keep(kind, what, run.capture(), sparing)
        self._cost = self._clock() - began
        self._due = began + _RARELY * self._cost
        self._kept_seconds, self._epochs = trainer.seconds, trainer.sampler.epochs_done
        return kept

    def stands_at_tip(self, trainer: Trainer) -> bool:
        """Whether nothing has happened since the latest moment."""
        tip = self.timeline.tip
        same = tip is not None and tip.checkpoint.at == trainer.at
        return same and tip is not None and tip.checkpoint.config == trainer.config


def _seen(kept: Kept | None) -> MomentView | None:
    return kept.view(on_path=True, here=False) if kept else None
