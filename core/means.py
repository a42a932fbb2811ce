"""By what updates are made: together with the settings, it decides their bits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Means:
    """The stepper's name, the threads of a large pass where none were chosen, and how many
    examples go through the network at once.
    """

    stepper: str
    threads: int
    micro_batch: int
