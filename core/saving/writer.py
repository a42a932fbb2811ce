"""Writes runs to the disk in a thread of its own, and goes on trying where it cannot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from core.saving.desk import Desk, Work


class Writer:
    """Serves desks, one after another, whenever work comes; `close` writes all that is left.

    A desk at which something could not be written is served again some seconds later. `told` is
    called in its thread whenever it has tried.
    """

    def __init__(self, told: Callable[[], object]) -> None:
        self._told = told
        self._desks: list[Desk] = []
        self._news = threading.Condition()
        self._closing = False
        self._hurrying = False  # what could not be written is tried again at once
        self._busy = False
        self._thread: threading.Thread | None = None

    def add(self, desk: Desk) -> None:
        with self._news:
            self._desks.append(desk)

    def remove(self, desk: Desk) -> None:
        with self._news:
            self._desks.remove(desk)
        desk.close()

    def put(self, desk: Desk, work: Work) -> None:
        """Have something written of a run, soon."""
        desk.put(work)
        with self._news:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="writer", daemon=True)
                self._thread.start()
            self._news.notify_all()

    def close(self, timeout: float | None = None) -> None:
        """Write what is left, as far as that can be done, and give the folders back."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
        for desk in self._desks:
            desk.close()

    def flush(self, timeout: float | None = 60.0) -> None:
        """Have everything tried at once, and wait until that was done."""
        with self._news:
            if self._thread is None or not self._thread.is_alive():
                return
            self._hurrying = True
            self._news.notify_all()
            self._news.wait_for(lambda: not (self._hurrying or self._busy), timeout)

    def _serve(self) -> None:
        closing = False
        while not closing:
            with self._news:
                self._busy = False
                self._news.notify_all()
                while not (self._due() or self._closing or self._hurrying):
                    self._news.wait(self._patience())
                desks, closing = self._due(), self._closing
                self._busy, self._hurrying = True, False
            for desk in desks:
                desk.write()
            self._told()
        with self._news:
            self._busy = False
            self._news.notify_all()

    def _due(self) -> list[Desk]:
        """Whom to serve now."""
        now, all_of_them = time.monotonic(), self._closing or self._hurrying
        return [each for each in self._desks if each.waiting and (all_of_them or each.due <= now)]

    def _patience(self) -> float | None:
        """Seconds until somebody is to be served again; None if nobody waits."""
        now = time.monotonic()
        return min((max(0.0, d.due - now) for d in self._desks if d.waiting), default=None)
