"""How many processor threads torch may use for one operation, and a slice of a run for all."""

from __future__ import annotations

import threading

import torch

EVERY = torch.get_num_threads()  # what torch found this process may use, before any change
# torch's threads wait for each other by spinning, at every operation. Below so many examples that
# gains nothing; above, it gains much, unless something else wants one of the cores: then all of
# them wait for it. Waiting without spinning was tried: two threads were slower than one.
_ROWS_WORTH_EVERY = 256


def threads_for(rows: int, every: int = EVERY) -> int:
    """Threads for a pass over so many examples, where there are `every`.

    It follows from these numbers alone, never from a measurement: the thread count decides how
    sums are rounded, and the same run must give the same bits.
    """
    return every if rows >= _ROWS_WORTH_EVERY else 1


class _Share(threading.local):
    """What the thread that looks at it may keep busy."""

    threads = EVERY


_share = _Share()


def share() -> int:
    """How many threads the calling one may keep busy, itself included, while others train too.

    It changes no bit of what comes out: how sums are cut depends on sizes alone.
    """
    return _share.threads


def take_share(threads: int) -> None:
    """Let the calling thread keep so many busy from now on."""
    _share.threads = threads


def settle_in() -> None:
    """Prepare the calling thread for training.

    Its operations take one thread until told otherwise. Denormal numbers count as zero: the
    decaying memories of silenced units become denormal, and a hundred times slower.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def use_threads(count: int) -> None:
    """Let the calling thread's operations use `count` threads."""
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
