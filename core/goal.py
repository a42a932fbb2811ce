"""Until when a run was asked to train."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.allowance import Allowance
from core.racing.race import Budget
from core.snapshot import Moment


@dataclass(frozen=True, slots=True)
class Goal:
    """Places on the clocks of which the first one reached counts.

    With `budget` they are the end of a race, which is not gone beyond: an update that would
    take more examples than are left is not begun.
    """

    updates: float = math.inf
    examples: float = math.inf
    seconds: float = math.inf
    budget: Budget | None = None

    @classmethod
    def of_race(cls, budget: Budget, start: Moment) -> Goal:
        return cls(**{str(budget.clock): start.on(budget.clock) + budget.amount}, budget=budget)

    def reached(self, at: Moment, size: int) -> bool:
        """Whether to go no further, where the next update takes `size` examples."""
        examples = at.examples + (size if self.budget else 0)
        enough = examples > self.examples if self.budget else examples >= self.examples
        return enough or at.updates >= self.updates or at.seconds >= self.seconds

    def left(self, at: Moment) -> Allowance:
        """What may still be spent from here."""
        return Allowance(
            self.seconds - at.seconds, self.updates - at.updates, self.examples - at.examples
        )


NO_GOAL = Goal()
