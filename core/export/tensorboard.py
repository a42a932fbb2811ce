"""What the runs show, live in TensorBoard: a folder of event files for each of them."""

from __future__ import annotations

import math
import re
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from core.errors import UserError
from core.export.event_file import EventFile
from core.snapshot import Evaluation, Event, RunView, Snapshot, State

_GAP = 0.5  # seconds from one point of a running run's series to the next, at least


class TensorBoard:
    """Writes what is new in each snapshot; belongs to one thread.

    Evaluations and events are written once, at their own update; all else at most twice a
    second, and when a run comes to rest. `fault` says in one line why nothing is written any
    more; it is empty while all is well.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        """Raises UserError if `folder` cannot be written to, or tensorboard is not installed."""
        if find_spec("tensorboard") is None:
            raise UserError(
                "TensorBoard's files need the package tensorboard: "
                "pip install 'gd-tui[tensorboard]'"
            )
        _check(folder)
        self.fault = ""
        self._folder = folder
        self._now = now
        self._lanes: dict[int, _Lane] = {}
        self._runs: tuple[RunView, ...] = ()

    def show(self, snapshot: Snapshot) -> None:
        """Write what is new; never raises for what the disk does."""
        if self.fault:
            return
        try:
            self._turn_to(snapshot.runs)
            for run in snapshot.runs:
                self._lane(run).show(run, self._now())
        except (OSError, ImportError) as fault:
            self._give_up(fault)

    def close(self) -> None:
        """Write where the runs are now, and close all files."""
        if not self.fault:
            try:
                self._turn_to(())
            except (OSError, ImportError) as fault:
                self._give_up(fault)

    def _lane(self, run: RunView) -> _Lane:
        if run.id not in self._lanes:
            self._lanes[run.id] = _Lane(_new_folder(self._folder, run.name))
        return self._lanes[run.id]

    def _turn_to(self, runs: tuple[RunView, ...]) -> None:
        """Close the files of the runs that are gone; one that comes back gets another."""
        stay = {run.id for run in runs}
        for run in self._runs:
            if run.id not in stay:
                lane = self._lane(run)
                lane.show(run, self._now(), at_once=True)
                lane.close()
        self._runs = runs

    def _give_up(self, fault: Exception) -> None:
        why = getattr(fault, "strerror", None) or str(fault)
        self.fault = f"TensorBoard: nothing more is written to {str(self._folder)!r}: {why}"
        for lane in self._lanes.values():
            try:
                lane.close()
            except OSError:
                continue  # it has been said


class _Lane:
    """One run's folder, and how far what stands in its files goes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: EventFile | None = None
        self._events: tuple[Event, ...] = ()
        self._updates = 0  # where the run was when it was seen last
        self._drawn = 0  # the update of the latest points
        self._drawn_at = -math.inf
        self._evaluated = -1  # the update of the latest evaluation

    def show(self, run: RunView, now: float, *, at_once: bool = False) -> None:
        """Write what is new of `run`; a point for a run that trains only when it is time."""
        fresh = self._fresh(run.events)
        earliest = min([run.at.updates, *(event.at.updates for event in fresh)])
        if earliest < self._updates:
            self._go_back(earliest)
        self._updates = run.at.updates
        judged = run.evaluation is not None and run.evaluation.at.updates > self._evaluated
        at_once = at_once or run.state is not State.RUNNING
        due = run.at.updates != self._drawn and (at_once or now - self._drawn_at >= _GAP)
        if not (fresh or judged or due):
            return
        file = self._open()
        for event in fresh:
            file.add_text(event.at.updates, "events", event.text)
        if run.evaluation is not None and judged:
            self._evaluated = run.evaluation.at.updates
            file.add_numbers(self._evaluated, _test_figures(run.evaluation))
        if due:
            self._drawn, self._drawn_at = run.at.updates, now
            file.add_numbers(self._drawn, _training_figures(run))
        file.flush()

    def close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _open(self) -> EventFile:
        if self._file is None:
            begin = self._updates + 1 if self._updates else 0
            self._file = EventFile(self._folder, begin)
        return self._file

    def _fresh(self, events: tuple[Event, ...]) -> list[Event]:
        """Those that were not there when the run was seen last."""
        if events is self._events:
            return []
        known, self._events = set(self._events), events
        return [event for event in events if event not in known]

    def _go_back(self, update: int) -> None:
        """The run is at an earlier update once more: what came after it is not its past now."""
        end = update + 1 if update else 0  # at its beginning it may be another one, of another seed
        self._open().end_from(end)
        self._drawn, self._evaluated = min(self._drawn, update), min(self._evaluated, end - 1)


def _training_figures(run: RunView) -> dict[str, float | None]:
    return {
        "training/loss": run.train_loss,
        "training/trembling": run.trembling,
        "training/learning_rate": run.learning_rate,
        "training/updates_per_second": run.updates_per_second,
    }


def _test_figures(evaluation: Evaluation) -> dict[str, float | None]:
    return {
        "test/loss": evaluation.loss,
        "test/accuracy": evaluation.accuracy,
        "test/r2": evaluation.r2,
    }


def _check(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise UserError(
            f"TensorBoard: {str(folder)!r} cannot be written to: {fault.strerror or fault}; it "
            "must be a directory, or a place where one can be made"
        ) from None


def _new_folder(parent: Path, name: str) -> Path:
    """A folder that was not there: called as the run, as far as a file system allows."""
    safe = re.sub(r"[^\w.-]+", "-", name)[:48].strip("-.") or "run"
    for number in count(1):
        folder = parent / (safe if number == 1 else f"{safe}-{number}")
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            continue
    raise AssertionError("numbers end")
