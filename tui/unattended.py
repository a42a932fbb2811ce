"""Training on without a screen: the line was dropped, and nobody is there to look or to ask."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from core.snapshot import Snapshot, State

if TYPE_CHECKING:
    from core.engine import Engine
    from tui.interruption import Interruption

POLL_SECONDS = 0.5  # how late a signal may be noticed


def let_go_of_the_terminal() -> None:
    """Let what is written go nowhere, unless it goes to a file, and nothing be read any more.

    Standard input stays silent rather than at its end, which whoever still listens to the keys
    would read again and again.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    silence, _kept_open = os.pipe()
    for stream, instead in (
        (sys.__stdin__, silence),
        (sys.__stdout__, nowhere),
        (sys.__stderr__, nowhere),
    ):
        with suppress(OSError, ValueError):  # closed
            if stream is not None and not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                os.dup2(instead, stream.fileno())


def see_through(engine: Engine, interruption: Interruption, *, begun: bool) -> None:
    """Let go of the terminal, and wait until nothing trains any more, or for a signal to end.

    Any thread may; `begun` says that Start was the first command. If nothing trains, there is
    nothing to wait for.
    """
    let_go_of_the_terminal()
    snapshot = engine.snapshot
    if under_way(snapshot, begun=begun):
        engine.detach()  # `gd-tui resume` shall know whom to ask for the runs
    while under_way(snapshot, begun=begun) and not interruption.asked:
        snapshot = engine.wait(snapshot.revision, POLL_SECONDS)


def under_way(snapshot: Snapshot, *, begun: bool) -> bool:
    """Whether anything trains, or will as soon as everything is loaded."""
    if snapshot.error:
        return False
    waits_for_the_start = begun and snapshot.revision > 0 and snapshot.answered == 0
    return waits_for_the_start or any(run.state is State.RUNNING for run in snapshot.runs)
