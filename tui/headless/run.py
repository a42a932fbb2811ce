"""A run without a screen: drives the engine to a stop condition and tells how it went."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands import Start
from core.config import RunConfig
from core.snapshot import RunView, Saving, Snapshot, State
from core.summary import Status
from tui.complaint import complain
from tui.ending import EXIT, conclude, stop
from tui.following import follow as follow_along
from tui.headless.reports import Bar, Lines, Report, event_line, figures, title
from tui.interruption import Interruption
from tui.suspension import Suspension, suspend
from tui.unattended import let_go_of_the_terminal

if TYPE_CHECKING:
    from core.engine import Engine

POLL_SECONDS = 0.1  # how late a signal may be noticed
_OVER = (State.FINISHED, State.DIVERGED, State.FAILED)


def with_an_end(config: RunConfig) -> RunConfig:
    """The configuration; where it sets no stop condition, it trains one epoch, as the chapter."""
    return config if config.stops else replace(config, epochs=1)


def run(
    engine: Engine,
    config: RunConfig,
    *,
    as_json: bool,
    plain: bool,
    summary: Path | None,
    saving: Mapping[str, Any],
    begin: bool = True,
) -> int:
    """Train as `config` says, with an `engine` made for it; returns the exit status.

    With `as_json`, standard output gets the summary and nothing else. `saving` has the settings of
    SAVING; without `begin` it trains only if it does so by
    itself. Raises UserError if the run cannot begin, or its summary not be written.
    """
    stream = sys.stderr if as_json else sys.stdout

    def open_report() -> Report:
        return Bar(stream) if stream.isatty() and not plain else Lines(stream)

    teller = Teller(open_report)
    follower = follow_along(engine, saving["tensorboard"])
    with Interruption(keep_running=saving["keep_running"]) as interruption:
        try:
            snapshot = follow(engine, teller, interruption, begin=begin)
        finally:
            stop(engine)
            teller.hush()
            if follower:
                follower.close()
    ending = conclude(snapshot, config, Status.INTERRUPTED, summary)
    if snapshot.run:
        _complain_of(snapshot.run.saving)
        teller.report.say(_last_line(ending.status, snapshot.run))
    if as_json:
        print(json.dumps(ending.summary, allow_nan=False), flush=True)
    return EXIT[ending.status]


def _complain_of(saving: Saving | None) -> None:
    """What is lost now that it ends."""
    if saving and saving.trouble:
        complain(f"{saving.trouble} ({saving.folder})")


def _last_line(status: Status, run: RunView) -> str:
    said = f"{status} ({run.reason})" if run.reason else str(status)
    return f"{said}: {figures(run)}"


def follow(
    engine: Engine,
    teller: Teller,
    interruption: Interruption,
    *,
    begin: bool = True,
) -> Snapshot:
    """Train until the run is over, or is interrupted, or nobody listens; the last snapshot."""
    engine.start()
    if begin:
        engine.send(Start())
    snapshot, adrift = engine.snapshot, False
    with Suspension() as suspension:
        while not _over(snapshot) and not interruption.asked:
            if not adrift and (interruption.hung_up or teller.report.closed):
                if not interruption.keep_running:
                    break
                adrift = True
                _go_adrift(teller, engine)
            if suspension.asked:
                teller.hush()
                suspend(engine, suspension)
                teller.speak()
            snapshot = engine.wait(snapshot.revision, POLL_SECONDS)
            teller.tell(snapshot)
    stop(engine)  # its last snapshot is of the weights that were saved
    return engine.snapshot


def _go_adrift(teller: Teller, engine: Engine) -> None:
    """Nobody listens any more: tell it to nobody."""
    teller.hush()
    let_go_of_the_terminal()
    teller.speak()
    engine.detach()  # `gd-tui resume` shall know whom to ask for the run


def _over(snapshot: Snapshot) -> bool:
    return bool(snapshot.error) or (snapshot.run is not None and snapshot.run.state in _OVER)


class Teller:
    """Passes on to a report what is new in a snapshot."""

    def __init__(self, open_report: Callable[[], Report]) -> None:
        self._open = open_report
        self._titled = False
        self._event = 0  # the number of the event that was told last
        self._trouble = ""
        self.speak()

    def speak(self) -> None:
        """Take a report for what comes."""
        self.report = self._open()

    def hush(self) -> None:
        """Take the report away, so that nothing of it is left in the terminal."""
        with suppress(OSError, ValueError):  # its terminal, or its stream, may be closed
            self.report.close()

    def tell(self, snapshot: Snapshot) -> None:
        run = snapshot.run
        if run is None:
            if snapshot.loading:
                self.report.load(snapshot.loading)
            return
        if not self._titled:
            self._titled = True
            self.report.say(title(run))
        for event in run.events:
            if event.number > self._event:
                self._event = event.number
                self.report.say(event_line(event))
        self._tell_saving(run.saving)
        self.report.show(run)

    def _tell_saving(self, saving: Saving | None) -> None:
        """Say what is not being saved, and when it is again."""
        trouble = saving.trouble if saving else ""
        if bool(trouble) != bool(self._trouble):
            self.report.say(trouble or "saved again")
        self._trouble = trouble
