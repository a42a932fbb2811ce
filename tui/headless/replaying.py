"""A replay without a screen: runs a script again, and tells whether the weights are the same."""

from __future__ import annotations

import json
import sys

from core.commands import Start
from core.config import RunConfig
from core.engine import Engine
from core.replaying.player import Outcome
from core.replaying.script import Replay, Script
from core.snapshot import Snapshot
from core.summary import Status, finite
from tui.ending import EXIT, stop
from tui.format import count, number
from tui.headless.reports import Bar, Lines, Report
from tui.interruption import Interruption

POLL_SECONDS = 0.1
DIFFERENT = 1  # the exit status where some weights were not the same


def run(config: RunConfig, replay: Replay, *, as_json: bool) -> int:
    """Replay it as fast as can be; returns the exit status. Raises UserError if it cannot be."""
    script = replay.script
    stream = sys.stderr if as_json else sys.stdout
    report: Report = Bar(stream) if stream.isatty() else Lines(stream)
    engine = Engine(config, replay=replay)
    with Interruption() as interruption:
        try:
            snapshot = _follow(engine, report, interruption)
        finally:
            stop(engine)
            report.close()
    if isinstance(snapshot.fault, Exception):
        raise snapshot.fault
    if engine.player is None or not engine.player.over:
        return EXIT[Status.INTERRUPTED]
    outcome = engine.player.outcome
    if as_json:
        print(json.dumps(_told(script, snapshot, outcome), allow_nan=False), flush=True)
    else:
        report.say(_in_words(snapshot, outcome))
    return DIFFERENT if outcome.different or outcome.broken else 0


def _follow(engine: Engine, report: Report, interruption: Interruption) -> Snapshot:
    engine.start()
    engine.send(Start())
    snapshot = engine.snapshot
    while not (interruption.asked or snapshot.fault or _over(snapshot)):
        snapshot = engine.wait(snapshot.revision, POLL_SECONDS)
        if snapshot.run is not None:
            report.show(snapshot.run)
        elif snapshot.loading:
            report.load(snapshot.loading)
    return snapshot


def _over(snapshot: Snapshot) -> bool:
    return any(run.script is not None and run.script.over for run in snapshot.runs)


def _in_words(snapshot: Snapshot, outcome: Outcome) -> str:
    updates = count(snapshot.run.at.updates) if snapshot.run else "no"
    if outcome.broken:
        return f"the replay ended at update {updates}, before the recording did: {outcome.broken}"
    if not outcome.compared:
        return f"replayed to update {updates}: the journal has no hash to compare with"
    if not outcome.different:
        same = "1 hash" if outcome.compared == 1 else f"{count(outcome.compared)} hashes"
        return f"replayed to update {updates}: the weights are the same, bit for bit, at {same}"
    return (
        f"replayed to update {updates}: {outcome.different} of {outcome.compared} hashes differ, "
        f"from update {count(outcome.since or 0)} on; the largest difference of the weights told "
        f"is {number(outcome.weights)}, of the training loss {number(outcome.loss)}"
    )


def _told(script: Script, snapshot: Snapshot, outcome: Outcome) -> dict[str, object]:
    return {
        "journal": script.source,
        "updates": snapshot.run.at.updates if snapshot.run else 0,
        "compared": outcome.compared,
        "different": outcome.different,
        "since_update": outcome.since,
        "broken": outcome.broken or None,
        "largest_difference_of_weights": finite(outcome.weights),
        "largest_difference_of_loss": finite(outcome.loss),
    }
