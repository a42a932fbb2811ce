"""gd-tui itself, with a note of how far its run is when: `python -m tui.bench.noted FILE ...`.

What stands on the screen would tell too late, and only as much of it as has changed.
"""

from __future__ import annotations

import sys
import threading
import time

import core.engine
from tui.cli import main

_SECONDS = 0.02  # between two notes


class NotedEngine(core.engine.Engine):
    """Writes a line to the file named first whenever its run has got further."""

    def start(self) -> None:
        super().start()
        threading.Thread(target=self._note, args=(sys.argv[1],), daemon=True).start()

    def _note(self, file: str) -> None:
        """Each line is a moment of the monotonic clock, and the updates made until then.

        It reads the worker's own counts, more often than there are snapshots.
        """
        made = 0.0
        with open(file, "w", encoding="utf-8", buffering=1) as notes:
            while True:
                time.sleep(_SECONDS)
                for run in self._fleet.runs if self._fleet else ():
                    now = run.trainer.updates + run.trainer.update_progress
                    if now > made:
                        made = now
                        print(time.monotonic(), made, file=notes)


if __name__ == "__main__":
    core.engine.Engine = NotedEngine  # type: ignore[misc]  # which the command is about to use
    sys.exit(main(sys.argv[2:]))
