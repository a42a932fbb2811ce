"""Writes runs to the disk in a thread of its own, and goes on trying where it cannot."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import torch

from core.checkpoint import Checkpoint
from core.fingerprint import fingerprint
from core.goal import NO_GOAL
from core.saving import checkpoint_file, files
from core.saving.encode import Saved, encode
from core.saving.fields import number
from core.saving.folder import STATUS, RunFolder
from core.saving.journal import Heading, heading_line, sealed
from core.snapshot import Moment, Saving, State

_RETRY_SECONDS = 2.0


@dataclass(slots=True)
class Work:
    """What is to be written of a run, in this order."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    attached: dict[str, Checkpoint] = field(default_factory=dict)
    saved: Saved | None = None


class Desk:
    """One run's place at the writer: its folder, what waits to be written, how it went.

    The engine's thread puts work there, the writer's takes it; `lock` guards what both touch.
    """

    def __init__(self, runs: Path, heading: Heading, folder: RunFolder | None = None) -> None:
        self.heading = heading
        self.folder = folder
        self.saving = Saving(str(folder.path if folder else runs), folder.name if folder else "")
        self.first = heading.first  # the line that the journal begins with
        self.wants_all = False  # the folder has gone: what is saved next begins another
        self.lock = threading.Lock()
        self._runs = runs
        self._work = Work()
        self._printed = ""  # the hash that the journal told last

    def put(self, work: Work) -> None:
        with self.lock:
            self._work.lines += work.lines
            self._work.attached |= work.attached
            self._work.saved = work.saved or self._work.saved

    @property
    def waiting(self) -> bool:
        with self.lock:
            return bool(self._work.lines or self._work.saved)

    @property
    def saving_waits(self) -> bool:
        with self.lock:
            return self._work.saved is not None

    def write(self) -> bool:
        """Write what waits; what could not be written waits again. Whether it was."""
        with self.lock:
            work, self._work = self._work, Work()
        try:
            self._write(work)
        except OSError as fault:
            self._put_back(work, fault)
            return False
        return True

    def close(self) -> None:
        if self.folder is not None:
            self.folder.release()

    def _write(self, work: Work) -> None:
        if self.folder is not None and not self.folder.journal.exists():
            self._begin_anew()
        if self.folder is None:
            self._open(work)
        folder = self.folder
        if folder is None:
            return
        for name, checkpoint in list(work.attached.items()):
            tensors, state = encode(_bare(checkpoint, self.heading))
            state |= {"examples": self.heading.examples}
            checkpoint_file.write(folder.attached(name), tensors, state)
            del work.attached[name]
        text = "".join(map(sealed, work.lines)).encode()
        if text:
            files.append(folder.journal, text, sync=work.saved is not None)
            work.lines.clear()
        if work.saved is not None:
            self._save(folder, work.saved)
        self.saving = replace(self.saving, trouble="")

    def _open(self, work: Work) -> None:
        """Make the folder and its journal; anew, from what is saved, if there was one before."""
        saved, heading = work.saved, self.heading
        if self.wants_all:
            if saved is None:
                return
            first, config = saved.checkpoint.line, saved.checkpoint.config
            heading = replace(heading, config=config, start="start", first=first)
            work.attached["start"] = saved.checkpoint
            work.lines = [line for line in work.lines if line["n"] > first]
            self.first = first
        elif "start" in work.attached:
            heading = replace(heading, start="start")
        now = datetime.now().astimezone()
        folder = RunFolder.create(self._runs, now)
        files.replace(folder.journal, heading_line(heading, now.isoformat()).encode())
        self.folder, self.wants_all = folder, False
        self.saving = Saving(str(folder.path), folder.name)

    def _begin_anew(self) -> None:
        assert self.folder is not None
        self.folder.release()
        self.folder, self.wants_all = None, True

    def _save(self, folder: RunFolder, saved: Saved) -> None:
        tensors, state = encode(saved)
        path = folder.next_checkpoint()
        checkpoint_file.write(path, tensors, {**state, "examples": self.heading.examples})
        folder.clear_old_checkpoints()
        checkpoint = saved.checkpoint
        line = _fingerprint(saved)
        if line["sha256"] != self._printed:
            files.append(folder.journal, sealed(line).encode(), sync=False)
            self._printed = line["sha256"]
        status = json.dumps(_status(saved), allow_nan=False)
        files.replace(folder.path / STATUS, status.encode())
        self.saving = replace(self.saving, at=checkpoint.at)

    def _put_back(self, work: Work, fault: OSError) -> None:
        why = fault.strerror or str(fault)
        self.saving = replace(self.saving, trouble=f"not saved: {why}")
        with self.lock:
            later = self._work
            self._work = Work(
                work.lines + later.lines, work.attached | later.attached, later.saved or work.saved
            )


class Writer:
    """Serves desks, one after another, whenever work comes; `close` writes all that is left."""

    def __init__(self) -> None:
        self._desks: list[Desk] = []
        self._news = threading.Condition()
        self._closing = False
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

    def flush(self, timeout: float = 60.0) -> None:
        """Wait until everything was tried to be written at least once."""
        with self._news:
            self._news.wait_for(
                lambda: (
                    (not self._busy and not any(desk.waiting for desk in self._desks))
                    or any(desk.saving.trouble for desk in self._desks)
                ),
                timeout,
            )

    def _serve(self) -> None:
        while True:
            with self._news:
                self._busy = False
                self._news.notify_all()
                troubled = any(desk.saving.trouble for desk in self._desks)
                waits = lambda: self._closing or any(d.waiting for d in self._desks)  # noqa: E731
                if troubled and not self._closing:
                    self._news.wait(_RETRY_SECONDS)
                else:
                    self._news.wait_for(waits)
                self._busy = True
                closing, desks = self._closing, list(self._desks)
            for desk in desks:
                if desk.waiting:
                    desk.write()
            if closing:
                return


def _bare(checkpoint: Checkpoint, heading: Heading) -> Saved:
    """A checkpoint with nothing around it."""
    state = torch.Generator().manual_seed(checkpoint.config.seed).get_state()
    return Saved(checkpoint, heading.name, State.PAUSED, "", False, 0.0, NO_GOAL, state, state)


def _fingerprint(saved: Saved) -> dict[str, Any]:
    """The line by which a replay is compared: a hash of the weights, and some of them."""
    checkpoint = saved.checkpoint
    of = fingerprint(checkpoint.weights)
    return {
        "n": checkpoint.line,
        "t": round(saved.seconds, 3),
        "update": checkpoint.at.updates,
        "what": "weights",
        "sha256": of.sha256,
        "sample": [number(value) for value in of.sample],
    }


def _status(saved: Saved) -> dict[str, Any]:
    """How the run stands, for lists."""
    checkpoint, record = saved.checkpoint, saved.checkpoint.record
    tested, best = record.evaluation, record.best
    at: Moment = checkpoint.at
    return {
        "name": saved.name,
        "state": saved.state.value,
        "reason": saved.reason,
        "saved": datetime.now().astimezone().isoformat(timespec="seconds"),
        "updates": at.updates,
        "epoch": at.epoch,
        "seconds": at.seconds,
        "test_accuracy": tested.accuracy if tested else None,
        "best_accuracy": best.accuracy if best else None,
        "model": checkpoint.config.model,
        "data": checkpoint.config.data,
        "strategy": checkpoint.config.strategy,
        "batch_size": checkpoint.config.batch_size,
        "optimizer": checkpoint.config.optimizer,
        "learning_rate": checkpoint.config.learning_rate,
    }
