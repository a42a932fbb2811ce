"""A race under way: an equal budget, of which nobody ever spends more than a slice ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.allowance import SLICE_SECONDS, WHOLE_SLICE, Allowance
from core.racing.race import Budget
from core.snapshot import Clock, Moment, RaceView


class Course(Protocol):
    """What a race needs to know of a run's training: see `core.trainer.Trainer`.

    It is read also while another thread is in a slice of it; what it says may be a moment old.
    """

    @property
    def at(self) -> Moment: ...
    def progress(self, clock: Clock) -> float: ...
    def pace(self, clock: Clock) -> float: ...


class Racer(Protocol):
    """What a race needs to know of a run."""

    id: int

    @property
    def trainer(self) -> Course: ...
    @property
    def racing(self) -> bool:
        """Whether it spends its budget now: it runs, and has not arrived."""
        ...

    @property
    def arrived(self) -> bool:
        """Whether its budget is spent, or it can go no further."""
        ...


class Race:
    """Lanes on an equal `budget`, each counted from where it began."""

    def __init__(self, budget: Budget, lanes: Sequence[Racer]) -> None:
        self.budget = budget
        self._lanes = {lane.id: lane for lane in lanes}
        self._starts = {lane.id: lane.trainer.at for lane in lanes}

    def __contains__(self, run: int) -> bool:
        return run in self._lanes

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def over(self) -> bool:
        return all(lane.arrived for lane in self._lanes.values())

    def leave(self, run: int) -> Moment:
        """Go on without this lane; returns where it began."""
        del self._lanes[run]
        return self._starts.pop(run)

    def join(self, lane: Racer, start: Moment) -> None:
        """Take in a lane that had left, counted from where it began."""
        self._lanes[lane.id] = lane
        self._starts[lane.id] = start

    def spent(self, run: int) -> float:
        clock = self.budget.clock
        return self._lanes[run].trainer.progress(clock) - self._starts[run].on(clock)

    def allowance(self, run: int) -> Allowance | None:
        """How far a run may go now; None if it has to wait for others in its race."""
        if run not in self._lanes or not self._lanes[run].racing:
            return WHOLE_SLICE
        spent = {each.id: self.spent(each.id) for each in self._lanes.values() if each.racing}
        lead = self._lead(spent)
        room = lead - (spent[run] - min(spent.values()))  # all of it for whoever is last
        match self.budget.clock:
            case Clock.SECONDS:
                # Half of the lead, so that two can work while a third one catches up.
                return Allowance(seconds=min(room, lead / 2)) if room >= lead / 4 else None
            case Clock.UPDATES:
                return Allowance(updates=int(room)) if room >= 1 else None
            case Clock.EXAMPLES:
                return Allowance(examples=room) if room >= lead / 2 else None

    def view(self) -> RaceView:
        lanes = tuple(self._lanes)
        spent: Mapping[int, float] = {i: min(self.spent(i), self.budget.amount) for i in lanes}
        return RaceView(self.budget, lanes, dict(self._starts), spent, self.over)

    def _lead(self, racing: Mapping[int, float]) -> float:
        """How far one may be ahead of another: as far as the slowest gets in a slice."""
        if self.budget.in_seconds:
            return SLICE_SECONDS
        return max(1.0, min(self._lanes[i].trainer.pace(self.budget.clock) for i in racing))
