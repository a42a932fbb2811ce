"""How long each part of the benchmark may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Rounds, seconds and keys; the more, the less a busy moment counts."""

    rounds: int = 5  # of updates per second
    round_seconds: float = 0.2
    trial_seconds: float = 0.1  # for each way to write the plain loop
    chapter_full_batch: bool = True  # one update of which takes many seconds
    turns: int = 24  # of a run with the screen and one without
    turn_seconds: float = 0.6  # of each
    keys: int = 40
    running_seconds: float = 5.0  # in which bytes are counted
    paused_seconds: float = 3.0
    frames: int = 5  # of the app and of an empty one, each the first
    starts: int = 3  # until the first update
    saving_rounds: int = 3  # of one save each, with saving and without


NORMAL = Effort()
QUICK = Effort(
    rounds=2,
    round_seconds=0.15,
    trial_seconds=0.05,
    chapter_full_batch=False,
    turns=8,
    turn_seconds=0.5,
    keys=10,
    running_seconds=2.0,
    paused_seconds=1.0,
    frames=1,
    starts=1,
    saving_rounds=1,
)
