"""One run's place at the writer: its folder, what waits to be written, how that went."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import torch

from core.checkpoint import Checkpoint
from core.fingerprint import fingerprint
from core.goal import NO_GOAL
from core.saving import checkpoint_file, description, files
from core.saving.encode import Saved, encode
from core.saving.fields import number
from core.saving.folder import STATUS, RunFolder
from core.saving.journal import Heading, heading_line, sealed
from core.snapshot import Saving, State

_RETRY_SECONDS = 2.0
_MOST_LINES = 20_000  # that wait for a disk to take them: hours of a run


@dataclass(slots=True)
class Work:
    """What is to be written of a run: first the checkpoints that lines refer to by name, then
    the lines, and `saved` as soon as all lines that lead to it are there.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    attached: dict[str, Checkpoint] = field(default_factory=dict)
    saved: Saved | None = None


class Desk:
    """Takes work from the engine's thread, writes it in the writer's; `_lock` is between them.

    `wants_all`: the folder has gone, or too much had waited; what is saved next begins another.
    """

    def __init__(self, runs: Path, heading: Heading, folder: RunFolder | None = None) -> None:
        self.heading = heading
        self.folder = folder
        self.saving = Saving(str(folder.path if folder else runs), folder.name if folder else "")
        self.first = heading.first  # the line that the journal begins with
        self.wants_all = False
        self.due = 0.0  # when to try again, on the monotonic clock
        self._lock = threading.Lock()
        self._runs = runs
        self._work = Work()
        self._writing = False
        self._detached = False
        self._printed = ""  # the hash that the journal told last
        self._latest: Saved | None = None  # what the newest checkpoint holds

    def put(self, work: Work) -> None:
        """Have this written, too."""
        with self._lock:
            self._work = _joined(self._work, work)
            if len(self._work.lines) > _MOST_LINES:
                self._work, self.wants_all = Work(), True

    @property
    def waiting(self) -> bool:
        """Whether there is anything that is not written yet."""
        with self._lock:
            return bool(self._writing or self._work.lines or self._work.saved)

    @property
    def saving_waits(self) -> bool:
        with self._lock:
            return self._work.saved is not None

    def write(self) -> None:
        """Write what waits; what could not be written waits again, and is told of."""
        with self._lock:
            work, self._work, self._writing = self._work, Work(), True
        trouble, self.due = "", 0.0
        try:
            if not self._write(work):
                trouble = self._told("the folder has gone")
        except Exception as fault:  # whatever it is, training goes on, and so do other runs
            trouble = self._told(getattr(fault, "strerror", None) or str(fault))
            self.due = time.monotonic() + _RETRY_SECONDS
        with self._lock:
            if trouble:
                self._work = _joined(work, self._work)
            self._writing = False
        self.saving = replace(self.saving, trouble=trouble)

    def tell(self, fault: Exception) -> None:
        """Say that there is nothing to be written, and why."""
        self.saving = replace(self.saving, trouble=self._told(str(fault)))

    def detach(self) -> None:
        """Say in the folder, once there is one, that this process has lost its terminal."""
        self._detached, folder = True, self.folder
        if folder is not None:
            with suppress(OSError):
                folder.tell_holder(detached=True)

    def close(self) -> None:
        """Give the folder back."""
        if self.folder is not None:
            self.folder.release()

    def _told(self, why: str) -> str:
        """What is not being saved, and why, in one line."""
        at = self.saving.at
        since = f" since update {at.updates:,}" if at else ""
        return " ".join(f"not saved{since}: {why}".split())

    def _write(self, work: Work) -> bool:
        """Write it, and take out of `work` what was; False if there is nowhere to write it to."""
        if self.folder and (self.wants_all or files.is_gone(self.folder.journal)):
            self._leave()
        if self.folder is None and not self._open(work):
            work.lines, work.attached, work.saved = [], {}, None
            return False
        folder, saved = self.folder, work.saved
        assert folder is not None
        self._attach(folder, work)
        if saved is not None:
            _append(folder, work, saved.checkpoint.line, sync=True)
            self._save(folder, saved)
            work.saved = self._latest = None
            folder.clear_old_checkpoints()
        _append(folder, work)
        return True

    def _open(self, work: Work) -> bool:
        """Make the folder, with a checkpoint and then the journal, without which it is no run.

        Anew, from what is saved, if there was one before; False where that needs another save.
        """
        saved, heading = work.saved, self.heading
        if self.wants_all:
            if saved is None or _lead_before(work.lines, saved.checkpoint.line):
                return False
            first = saved.checkpoint.line
            running = saved.state is State.RUNNING
            update = saved.checkpoint.at.updates
            heading = replace(
                heading, first=first, update=update, running=running, means=saved.means
            )
            work.attached = {**work.attached, "start": saved.checkpoint}
            work.lines = [line for line in work.lines if line["n"] > first]
        assert saved is not None, "a run's first work is to save it"
        if start := work.attached.get("start"):
            heading = replace(heading, config=start.config, start="start")
            work.attached["start"] = replace(start, line=heading.first)
        now = datetime.now().astimezone()
        folder = RunFolder.create(self._runs, now)
        try:
            self._attach(folder, replace(work, attached=dict(work.attached)))
            self._write_checkpoint(folder, saved)
            files.replace(folder.journal, heading_line(heading, now.isoformat()).encode())
        except Exception:
            folder.discard()
            self._latest = None
            raise
        work.attached = {}
        self.folder, self.first, self.wants_all, self._printed = folder, heading.first, False, ""
        if self._detached:
            self.detach()
        self.saving = Saving(str(folder.path), folder.name)
        return True

    def _attach(self, folder: RunFolder, work: Work) -> None:
        """Write the checkpoints that lines refer to."""
        for name, checkpoint in list(work.attached.items()):
            tensors, state = encode(_bare(checkpoint, self.heading))
            state |= {"data": description.as_json(self.heading.data)}
            checkpoint_file.write(folder.attached(name), tensors, state)
            del work.attached[name]

    def _write_checkpoint(self, folder: RunFolder, saved: Saved) -> None:
        if saved is not self._latest:
            tensors, state = encode(saved)
            state |= {"data": description.as_json(self.heading.data)}
            checkpoint_file.write(folder.next_checkpoint(), tensors, state)
            self._latest = saved

    def _leave(self) -> None:
        assert self.folder is not None
        self.folder.release()
        self.folder, self.wants_all = None, True

    def _save(self, folder: RunFolder, saved: Saved) -> None:
        self._write_checkpoint(folder, saved)
        line = _fingerprint(saved)
        if line["sha256"] != self._printed:
            files.append(folder.journal, sealed(line).encode(), sync=False)
            self._printed = line["sha256"]
        self.saving = replace(self.saving, at=saved.checkpoint.at)
        status = json.dumps(_status(saved), allow_nan=False)
        files.replace(folder.path / STATUS, status.encode())


def _joined(earlier: Work, later: Work) -> Work:
    return Work(
        earlier.lines + later.lines, earlier.attached | later.attached, later.saved or earlier.saved
    )


def _append(folder: RunFolder, work: Work, upto: float = math.inf, *, sync: bool = False) -> None:
    """Add the lines up to a number to the journal, and take them out of `work`."""
    due = [line for line in work.lines if line["n"] <= upto]
    if due:
        files.append(folder.journal, "".join(map(sealed, due)).encode(), sync=sync)
        work.lines = work.lines[len(due) :]


def _lead_before(lines: Sequence[Mapping[str, Any]], first: int) -> bool:
    """Whether a line after `first` leads to a moment of a line before it."""
    return any(line["n"] > first > line.get("to", {}).get("n", first) for line in lines)


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
    at, config = checkpoint.at, checkpoint.config
    tested, best = record.evaluation, record.best
    return {
        "name": saved.name,
        "state": saved.state.value,
        "reason": saved.reason,
        "saved": datetime.now().astimezone().isoformat(timespec="seconds"),
        "updates": at.updates,
        "epoch": at.epoch,
        "seconds": at.seconds,
        "test_accuracy": tested.accuracy if tested else None,
        "test_r2": tested.r2 if tested else None,
        "best_accuracy": best.accuracy if best else None,
        "best_r2": best.r2 if best else None,
        "model": config.model,
        "data": config.data,
        "strategy": config.strategy,
        "batch_size": config.batch_size,
        "optimizer": config.optimizer,
        "learning_rate": config.learning_rate,
    }
