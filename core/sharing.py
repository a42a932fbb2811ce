"""How several runs share time and cores: whose turn it is, and how much that turn may take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import cache
from typing import Protocol

from core.allowance import Allowance
from core.threads import EVERY, settle_in, take_share


class Sharer(Protocol):
    """What sharing needs to know of a run."""

    id: int

    @property
    def needs_every_core(self) -> bool: ...
    def wait(self) -> float: ...
    def work(self, allowance: Allowance) -> bool: ...


_SHORTEST = 0.002  # seconds of a slice: shorter ones would be mostly overhead

Allowances = Callable[[int], Allowance | None]  # by run id; None: it has to wait for others


class Turns:
    """Gives slices to the runs, whoever has waited longest first."""

    def __init__(self) -> None:
        self._order: list[int] = []  # run ids, whoever was served last at the end

    def stretch(
        self, runs: Sequence[Sharer], allowances: Allowances, left: Callable[[], float]
    ) -> bool:
        """Let runs work while seconds are `left`, but for one slice at least; False if none wants.

        Runs that can share the cores work at the same time, on several threads; where one needs
        them all, a stretch is one slice. Afterwards every run stands at a safe point.
        """
        busy = [run for run in runs if run.wait() <= 0]
        shared = len(busy) > 1 and not any(run.needs_every_core for run in busy)
        self._order = [i for i in self._order if any(run.id == i for run in runs)]
        self._order += [run.id for run in runs if run.id not in self._order]
        workers = min(EVERY, len(busy)) if shared else 1
        stretch = _Stretch(runs, self._order, allowances, left, workers)
        under_way = [_pool().submit(stretch.serve) for _ in range(workers - 1)]
        try:
            stretch.serve()
        finally:  # nobody may be in a slice when this ends
            take_share(EVERY)
            wait(under_way)
        for each in under_way:
            each.result()
        return stretch.worked


class _Stretch:
    """Slices made by several threads. A run in a slice belongs to the thread that makes it."""

    def __init__(
        self,
        runs: Sequence[Sharer],
        order: list[int],
        allowances: Allowances,
        left: Callable[[], float],
        workers: int,
    ) -> None:
        self.worked = False
        self._workers = workers
        self._runs = {run.id: run for run in runs}
        self._order = order
        self._allowances = allowances
        self._left = left
        self._begun = False
        self._in_slice: set[int] = set()
        self._changed = threading.Condition()

    def serve(self) -> None:
        """Make slices, one after another, until the stretch is over."""
        while (turn := self._next()) is not None:
            run, allowance, cores = turn
            worked = False
            try:
                take_share(cores)
                worked = run.work(allowance)
            finally:
                self._give_back(run, worked)

    def _next(self) -> tuple[Sharer, Allowance, int] | None:
        with self._changed:
            while not self._begun or (self._workers > 1 and self._left() > 0):
                ready = self._ready()
                if ready:
                    run, allowance = ready[0]
                    if self._begun:  # all are to end together
                        seconds = max(_SHORTEST, min(allowance.seconds, self._left()))
                        allowance = replace(allowance, seconds=seconds)
                    self._begun = True
                    self._in_slice.add(run.id)
                    self._order.remove(run.id)
                    self._order.append(run.id)
                    sharers = min(self._workers, len(self._in_slice) + len(ready) - 1)
                    return run, allowance, EVERY // sharers
                if not self._in_slice:
                    return None
                self._changed.wait()
        return None

    def _ready(self) -> list[tuple[Sharer, Allowance]]:
        """Who may begin a slice now, and how far it may go."""
        ready = []
        for run in (self._runs[i] for i in self._order if i not in self._in_slice):
            if run.wait() <= 0 and not (self._workers > 1 and run.needs_every_core):
                allowance = self._allowances(run.id)
                if allowance is not None:
                    ready.append((run, allowance))
        return ready

    def _give_back(self, run: Sharer, worked: bool) -> None:
        with self._changed:
            self._in_slice.discard(run.id)
            self.worked = self.worked or worked
            self._changed.notify_all()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(EVERY, "sharing", initializer=settle_in)
