"""gd-tui itself, with a note of how far it is when: `python -m tui.bench.noted FILE RUNS ...`.

What stands on the screen would tell too late, and only as much of it as has changed.
"""

from __future__ import annotations

import sys
import threading
import time

import core.engine
from core.commands import Fork, Start
from core.snapshot import Clock
from tui.cli.command import main

_SECONDS = 0.02  # between two notes


class NotedEngine(core.engine.Engine):
    """Forks its run into as many as are named, and notes how far they are."""

    def start(self) -> None:
        super().start()
        file, runs = sys.argv[1], int(sys.argv[2])
        for _ in range(1, runs):
            self.send(Fork())
        for run in range(runs):
            self.send(Start(), run)
        threading.Thread(target=self._note, args=(file,), daemon=True).start()

    def _note(self, file: str) -> None:
        """Each line is a moment of the monotonic clock, and all updates made until then.

        It reads the worker's own counts, more often than there are snapshots.
        """
        made = 0.0
        with open(file, "w", encoding="utf-8", buffering=1) as notes:
            while True:
                time.sleep(_SECONDS)
                trainers = [run.trainer for run in self._arena.fleet.runs] if self._arena else []
                now = sum(trainer.progress(Clock.UPDATES) for trainer in trainers)
                if now > made:
                    made = now
                    print(time.monotonic(), made, file=notes)


if __name__ == "__main__":
    core.engine.Engine = NotedEngine  # type: ignore[misc]  # which the command is about to use
    sys.exit(main(sys.argv[3:]))
