"""Files that are there whole or not at all, whatever happens to the process."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Let `path` hold `data`: written beside it, synced, and renamed. Raises OSError."""
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def append(path: Path, data: bytes, *, sync: bool) -> None:
    """Add `data` to the end of a file that must be there: all of it, or nothing; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        size = os.fstat(descriptor).st_size
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            if sync:
                os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)  # half a line would spoil those to come
            raise
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make sure of the names in a folder, where the platform can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
