"""A run without a screen: drives the engine to a stop condition and tells how it went."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands import Pause, Start
from core.config import RunConfig
from core.snapshot import RunView, Snapshot, State
from core.summary import Status
from tui.ending import EXIT, STOP_SECONDS, conclude
from tui.headless.reports import Bar, Lines, Report, event_line, figures, title
from tui.interruption import Interruption

if TYPE_CHECKING:
    from core.engine import Engine

POLL_SECONDS = 0.1  # how late a signal may be noticed
PAUSE_SECONDS = 2.0  # how long an interrupted run is given to reach a safe point
_OVER = (State.FINISHED, State.DIVERGED, State.FAILED)


def with_an_end(config: RunConfig) -> RunConfig:
    """The configuration; where it sets no stop condition, it trains one epoch, as the chapter."""
    return config if config.stops else replace(config, epochs=1)


def run(
    engine: Engine, config: RunConfig, *, as_json: bool, plain: bool, summary: Path | None
) -> int:
    """Train as `config` says, with an `engine` made for it; returns the exit status.

    With `as_json`, standard output gets the summary and nothing else. Raises UserError if the
    run cannot begin, or its summary not be written.
    """
    stream = sys.stderr if as_json else sys.stdout
    drawable = stream.isatty() and not plain
    report: Report = Bar(stream) if drawable else Lines(stream)
    with Interruption() as interruption:
        try:
            snapshot = follow(engine, report, interruption)
        finally:
            engine.stop(STOP_SECONDS)
            with suppress(OSError, ValueError):  # its terminal, or its stream, may be closed
                report.close()
    ending = conclude(snapshot, config, Status.INTERRUPTED, summary)
    if snapshot.run:
        report.say(_last_line(ending.status, snapshot.run))
    if as_json:
        print(json.dumps(ending.summary, allow_nan=False), flush=True)
    return EXIT[ending.status]


def _last_line(status: Status, run: RunView) -> str:
    said = f"{status} ({run.reason})" if run.reason else str(status)
    return f"{said}: {figures(run)}"


def follow(engine: Engine, report: Report, interruption: Interruption) -> Snapshot:
    """Train until the run is over, or is interrupted, or nobody listens; the last snapshot."""
    engine.start()
    engine.send(Start())
    teller = _Teller(report)
    snapshot = engine.snapshot
    while not _over(snapshot) and not interruption.asked and not report.closed:
        snapshot = engine.wait(snapshot.revision, POLL_SECONDS)
        teller.tell(snapshot)
    return snapshot if _over(snapshot) else _pause(engine, snapshot)


def _over(snapshot: Snapshot) -> bool:
    return bool(snapshot.error) or (snapshot.run is not None and snapshot.run.state in _OVER)


def _pause(engine: Engine, snapshot: Snapshot) -> Snapshot:
    """Let the run come to a safe point, so that its numbers are those of its weights."""
    engine.send(Pause())
    deadline = time.monotonic() + PAUSE_SECONDS
    while snapshot.run and snapshot.run.state is State.RUNNING and time.monotonic() < deadline:
        snapshot = engine.wait(snapshot.revision, POLL_SECONDS)
    return snapshot


class _Teller:
    """Passes on to a report what is new in a snapshot."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._titled = False
        self._event = 0  # the number of the event that was told last

    def tell(self, snapshot: Snapshot) -> None:
        run = snapshot.run
        if run is None:
            if snapshot.loading:
                self._report.load(snapshot.loading)
            return
        if not self._titled:
            self._titled = True
            self._report.say(title(run))
        for event in run.events:
            if event.number > self._event:
                self._event = event.number
                self._report.say(event_line(event))
        self._report.show(run)
