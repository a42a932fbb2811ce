"""Engines that play a script of snapshots, for what drives one without a screen."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace

from core.commands import Command
from core.snapshot import RunView, Snapshot


class ScriptedEngine:
    """Shows one snapshot after the other, and the last one for good, as soon as it is stopped."""

    def __init__(self, *shown: RunView | Snapshot) -> None:
        snapshots = [s if isinstance(s, Snapshot) else Snapshot(0, None, (s,)) for s in shown]
        self._script = [replace(s, revision=n) for n, s in enumerate(snapshots, 1)]
        self.snapshot = Snapshot()
        self.sent: list[Command] = []
        self.sent_to: list[int | None] = []  # the run that each of them was for
        self.running = False
        self.detached = False

    def start(self) -> None:
        self.running = True

    def send(self, command: Command, run: int | None = None) -> None:
        self.sent.append(command)
        self.sent_to.append(run)

    def detach(self) -> None:
        self.detached = True

    def stop(self, timeout: float) -> None:
        assert timeout > 0
        self.running = False
        self.snapshot = self._script[-1]

    def wait(self, revision: int, timeout: float) -> Snapshot:
        assert timeout > 0
        if revision < len(self._script):
            self.snapshot = self._script[revision]
        return self.snapshot


class InterruptedEngine(ScriptedEngine):
    """Sends its own process signals when the script has come to the last snapshot but one."""

    def __init__(
        self, *shown: RunView | Snapshot, by: Sequence[signal.Signals] = (signal.SIGTERM,)
    ) -> None:
        super().__init__(*shown)
        self._signals = list(by)

    def wait(self, revision: int, timeout: float) -> Snapshot:
        snapshot = super().wait(revision, timeout)
        if snapshot.revision == len(self._script) - 1:
            while self._signals:
                os.kill(os.getpid(), self._signals.pop(0))
        return snapshot
