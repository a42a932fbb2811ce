"""How many processor threads torch may use for one operation."""

from __future__ import annotations

import torch

EVERY = torch.get_num_threads()  # what torch found this process may use, before any change
# torch's threads wait for each other by spinning, at every operation. Below so many examples that
# gains nothing; above, it gains much, unless something else wants one of the cores: then all of
# them wait for it. Waiting without spinning was tried: two threads were slower than one.
_ROWS_WORTH_EVERY = 256


def threads_for(rows: int) -> int:
    """Threads for a pass over so many examples.

    It follows from their number alone, never from a measurement: the thread count decides how
    sums are rounded, and the same run must give the same bits.
    """
    return EVERY if rows >= _ROWS_WORTH_EVERY else 1


def use_threads(count: int) -> None:
    """Let the calling thread's operations use `count` threads."""
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
