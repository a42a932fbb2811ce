"""How far a run may go in one slice."""

from __future__ import annotations

import math
from dataclasses import dataclass

SLICE_SECONDS = 0.015  # how far apart safe points lie, at most


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most so many training seconds, updates and examples, but one step in any case."""

    seconds: float = SLICE_SECONDS
    updates: float = math.inf
    examples: float = math.inf


WHOLE_SLICE = Allowance()
