"""An engine for tests of the screen: it shows what it is told to and remembers what was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.commands import Command
from core.snapshot import RunView, Snapshot
from tests.tui.views import snapshot


class FakeEngine:
    """The surface of core.engine.Engine, without a thread behind it."""

    def __init__(self, shown: Snapshot | None = None) -> None:
        self.snapshot = shown or snapshot()
        self.sent: list[Command] = []
        self.sent_to: list[int | None] = []  # the run that each of them was for
        self.started = False

    def start(self) -> None:
        self.started = True

    def send(self, command: Command, run: int | None = None) -> None:
        self.sent.append(command)
        self.sent_to.append(run)

    def publish(self, *runs: RunView, **changes: Any) -> None:
        """Show something new, as the worker would after a slice: other runs, if any are given."""
        runs = runs or self.snapshot.runs
        revision = self.snapshot.revision + 1
        self.snapshot = replace(self.snapshot, revision=revision, runs=runs, **changes)
