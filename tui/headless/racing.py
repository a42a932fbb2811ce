"""A race without a screen: drives an engine through a race for each seed, and prints the table."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core.commands import Pause, StartRace
from core.config import RunConfig
from core.errors import UserError
from core.racing.race import Budget, Lane
from core.racing.summary import Row, csv_rows, run_row, table
from core.snapshot import RunView, Snapshot, State
from core.summary import Status
from tui.complaint import complain
from tui.ending import EXIT, stop
from tui.headless import race_table
from tui.headless.race_reports import RaceBar, RaceLines, RaceReport, race_title, share_spent
from tui.interruption import Interruption
from tui.suspension import Suspension, suspend

if TYPE_CHECKING:
    from core.engine import Engine

POLL_SECONDS = 0.1  # how late a signal may be noticed
PAUSE_SECONDS = 2.0  # how long interrupted runs are given to reach a safe point

Form = Literal["table", "json", "csv"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is raced, and how often: first with the seed of `base`, then with the next ones."""

    base: RunConfig
    lanes: tuple[Lane, ...]
    budget: Budget
    seeds: int = 1

    def heats(self) -> Iterator[Heat]:
        for number in range(self.seeds):
            seed = self.base.seed + number
            lanes = [replace(lane, config=replace(lane.config, seed=seed)) for lane in self.lanes]
            what = f"race {number + 1} of {self.seeds}" if self.seeds > 1 else "race"
            yield Heat(what, replace(self.base, seed=seed), tuple(lanes), self.budget)


@dataclass(frozen=True, slots=True)
class Heat:
    """A race with one of the seeds, and `what` it is called."""

    what: str
    config: RunConfig
    lanes: tuple[Lane, ...]
    budget: Budget


def run(engine_for: Callable[[RunConfig], Engine], plan: Plan, form: Form) -> int:
    """Race as planned, on a new engine for each seed; returns the exit status.

    In the form of JSON or CSV, standard output gets the table and nothing else. Raises UserError
    if the runs cannot begin.
    """
    stream = sys.stdout if form == "table" else sys.stderr
    report: RaceReport = RaceBar(stream) if stream.isatty() else RaceLines(stream)
    raced: list[tuple[Heat, Snapshot]] = []
    with Interruption() as interruption:
        try:
            for heat in plan.heats():
                raced.append((heat, race(engine_for(heat.config), heat, report, interruption)))
                if not _over(raced[-1][1]) or interruption.asked or report.closed:
                    break
        finally:
            with suppress(OSError, ValueError):  # its terminal, or its stream, may be closed
                report.close()
    rows = [_rows(heat, snapshot) for heat, snapshot in raced]
    for _, snapshot in raced:
        _complain(snapshot)
    _print(rows, plan.budget, form)
    return _exit_status(rows, plan)


def race(engine: Engine, heat: Heat, report: RaceReport, interruption: Interruption) -> Snapshot:
    """Race until all have arrived, or it is interrupted, or nobody listens; the last snapshot."""
    engine.start()
    engine.send(StartRace(heat.lanes, heat.budget))
    teller = _Teller(report, heat)
    snapshot = engine.snapshot
    try:
        with Suspension() as suspension:
            while not (_ended(snapshot) or interruption.asked or report.closed):
                if suspension.asked:
                    suspend(engine, suspension)
                snapshot = engine.wait(snapshot.revision, POLL_SECONDS)
                teller.tell(snapshot)
        return snapshot if _ended(snapshot) else _pause(engine, snapshot)
    finally:
        stop(engine)


def _over(snapshot: Snapshot) -> bool:
    return snapshot.race is not None and snapshot.race.over


def _ended(snapshot: Snapshot) -> bool:
    return _over(snapshot) or bool(_fault(snapshot))


def _fault(snapshot: Snapshot) -> str:
    """Why there is no race, or none any more."""
    if snapshot.race is None:
        for run in snapshot.runs:
            if run.state is State.FAILED:
                return run.reason
    return snapshot.error or (snapshot.notice.text if snapshot.notice else "")


def _pause(engine: Engine, snapshot: Snapshot) -> Snapshot:
    """Let the runs come to a safe point, so that their numbers are those of their weights."""
    for run in _racers(snapshot):
        engine.send(Pause(), run.id)
    deadline = time.monotonic() + PAUSE_SECONDS
    while _running(snapshot) and time.monotonic() < deadline:
        snapshot = engine.wait(snapshot.revision, POLL_SECONDS)
    return snapshot


def _running(snapshot: Snapshot) -> bool:
    return any(run.state is State.RUNNING for run in _racers(snapshot))


def _racers(snapshot: Snapshot) -> list[RunView]:
    """The runs that race, in the order of their lanes; none before the race has begun."""
    runs = {run.id: run for run in snapshot.runs}
    return [runs[id] for id in snapshot.race.lanes] if snapshot.race else []


class _Teller:
    """Passes on to a report what is new in a snapshot."""

    def __init__(self, report: RaceReport, heat: Heat) -> None:
        self._report = report
        self._heat = heat
        self._titled = False
        self._fallen: set[int] = set()  # ids of the runs that could go no further

    def tell(self, snapshot: Snapshot) -> None:
        runs = _racers(snapshot)
        if not snapshot.race:
            if snapshot.loading:
                self._report.load(snapshot.loading)
            return
        if not self._titled:
            self._titled = True
            self._report.say(f"{self._heat.what}: {race_title(runs, self._heat.budget)}")
        for run in runs:
            if run.state in (State.DIVERGED, State.FAILED) and run.id not in self._fallen:
                self._fallen.add(run.id)
                self._report.say(f"{run.name}: {run.state}, {run.reason}")
        self._report.show_race(self._heat.what, share_spent(snapshot.race), runs)


def _rows(heat: Heat, snapshot: Snapshot) -> list[Row]:
    """A row for each lane. Raises UserError if its run could not begin for a mendable reason."""
    if isinstance(snapshot.fault, UserError):
        raise snapshot.fault
    otherwise = Status.FAILED if _fault(snapshot) else Status.INTERRUPTED
    if snapshot.race is None:
        return [run_row(lane, None, None, otherwise) for lane in heat.lanes]
    spent = snapshot.race.spent
    return [
        run_row(lane, run, spent[run.id], otherwise)
        for lane, run in zip(heat.lanes, _racers(snapshot), strict=True)
    ]


def _complain(snapshot: Snapshot) -> None:
    if fault := _fault(snapshot):
        complain(f"the race failed: {fault}")
    for run in _racers(snapshot):
        if run.state is State.FAILED:
            complain(f"{run.name} failed: {run.reason}")


def _print(heats: Sequence[Sequence[Row]], budget: Budget, form: Form) -> None:
    told = table(budget, heats)
    if form == "json":
        print(json.dumps(told, allow_nan=False), flush=True)
    elif form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(csv_rows(told))
    elif any(row["stepper"] for row in told["runs"]):  # a run was built
        race_table.show(told, budget)


def _exit_status(heats: Sequence[Sequence[Row]], plan: Plan) -> int:
    ended = {row["status"] for heat in heats for row in heat}
    if Status.FAILED in ended:
        return EXIT[Status.FAILED]
    if Status.INTERRUPTED in ended or len(heats) < plan.seeds:
        return EXIT[Status.INTERRUPTED]
    return EXIT[Status.DIVERGED if ended == {Status.DIVERGED} else Status.DONE]
