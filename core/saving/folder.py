"""The folder of a run: what lies in it, and whose it is at the moment.

    journal.jsonl               all that happened, line by line
    checkpoint-000012.safetensors, and the one before it
    status.json                 how the run stands, for lists
    start.safetensors, ...      where the run began, if not from its settings alone
    lock, holder.json           held by the process that trains it

It imports no torch, so that a list of runs is there at once.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import socket
import stat
from collections.abc import Mapping
from datetime import datetime
from errno import ENOTDIR
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import UserError
from core.saving import files
from core.saving.fields import LONGEST_TEXT, printable

JOURNAL = "journal.jsonl"
STATUS = "status.json"
_HOLDER = "holder.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d{6,})\.safetensors", re.ASCII)
_ATTACHED = re.compile(r"[a-z][a-z0-9-]{0,40}", re.ASCII)
_KEPT = 2  # checkpoints: the latest, and one in case it comes to harm
_MOST_BYTES = 100_000  # of the small files


class InUseError(UserError):
    """Another process trains the run; `holder` is what is known of it."""

    def __init__(self, message: str, holder: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.holder = holder


class RunFolder:
    """One run on the disk. Only whoever has acquired it may write there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / "lock", thread_local=False)

    @classmethod
    def create(cls, runs: Path, now: datetime) -> RunFolder:
        """A new folder below `runs`, named after the time, and acquired. Raises OSError."""
        if runs.exists() and not runs.is_dir():
            raise NotADirectoryError(ENOTDIR, "it is a file, not a folder for runs")
        runs.mkdir(parents=True, exist_ok=True)
        stem = now.strftime("%Y%m%d-%H%M%S")
        number, name = 1, stem
        while True:
            try:
                (runs / name).mkdir()
                break
            except FileExistsError:
                number += 1
                name = f"{stem}-{number}"
        folder = cls(runs / name)
        try:
            folder.acquire()
        except OSError:
            folder.discard()
            raise
        return folder

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    def acquire(self) -> None:
        """Make it this process's own, until `release` or its end; raises InUseError, or OSError."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            holder = self.holder()
            who = f" ({holder['pid']})" if isinstance(holder.get("pid"), int) else ""
            raise InUseError(
                f"run {self.name}: another process{who} is training it; "
                "--fork goes on from its last save, in a folder of its own",
                holder,
            ) from None
        self.tell_holder(detached=False)

    def release(self) -> None:
        self._lock.release()

    def discard(self) -> None:
        """Remove it with all that is in it: nothing of a run was saved there yet."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def in_use(self) -> bool:
        """Whether some process holds it now."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False
        self._lock.release()
        return False

    def tell_holder(self, *, detached: bool) -> None:
        """Write down who holds it; `detached`: without a terminal, after a hangup."""
        told = {"pid": os.getpid(), "host": socket.gethostname(), "detached": detached}
        files.replace(self.path / _HOLDER, json.dumps(told).encode())

    def holder(self) -> dict[str, Any]:
        """What the holder wrote; empty if nothing sensible is there."""
        return read_object(self.path / _HOLDER)

    def checkpoints(self) -> list[Path]:
        """The checkpoints, the newest first."""
        try:
            found = [(_CHECKPOINT.fullmatch(path.name), path) for path in self.path.iterdir()]
            numbered = [(int(m[1]), path) for m, path in found if m and _is_file(path)]
        except OSError:
            return []
        return [path for _, path in sorted(numbered, reverse=True)]

    def next_checkpoint(self) -> Path:
        newest = self.checkpoints()[:1]
        number = int(newest[0].stem.removeprefix("checkpoint-")) if newest else 0
        return self.path / f"checkpoint-{number + 1:06d}.safetensors"

    def clear_old_checkpoints(self) -> None:
        for path in self.checkpoints()[_KEPT:]:
            path.unlink(missing_ok=True)

    def attached(self, name: str) -> Path:
        """The file of a checkpoint that the journal refers to; raises UserError for other names."""
        if not _ATTACHED.fullmatch(name):
            raise UserError(f"{name[:50]!r} is no name of a moment in a journal")
        return self.path / f"{name}.safetensors"

    def status(self) -> dict[str, Any]:
        """How the run stood when it was saved last; empty if nothing sensible is there."""
        return read_object(self.path / STATUS)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a small file, of which only plain values count; empty if there is none.

    Texts are such as a terminal can be given.
    """
    try:
        value = json.loads(files.read(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    told = value if isinstance(value, dict) else {}
    return {
        name: printable(value, LONGEST_TEXT) if isinstance(value, str) else value
        for name, value in told.items()
        if value is None or isinstance(value, str | bool) or _is_number(value)
    }


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:
        return False


def _is_file(path: Path) -> bool:
    """Whether it is a file of its own: a link may lead anywhere."""
    return stat.S_ISREG(path.lstat().st_mode)
