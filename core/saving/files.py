"""Files that are there whole or not at all, whatever happens to the process."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

# What lies in a run's folder may come from anywhere: links are not followed out of it, and
# nothing is waited for that never ends.
_OURS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def replace(path: Path, data: bytes) -> None:
    """Let `path` hold `data`: written beside it, synced, and renamed. Raises OSError."""
    beside = path.with_name(f".{path.name}.tmp")
    try:
        beside.unlink(missing_ok=True)  # of a process that was killed, or no file of ours
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OURS, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError:
        _remove(beside)
        raise


def append(path: Path, data: bytes, *, sync: bool) -> None:
    """Add `data` to the end of a file that must be there: all of it, or nothing; raises OSError."""
    descriptor = _open(path, os.O_WRONLY | os.O_APPEND)
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


def read(path: Path, most: int) -> bytes:
    """All of a file of at most so many bytes; raises OSError, also if it is larger."""
    descriptor = _open(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes")
    return data


def cut_torn_line(path: Path, longest: int) -> None:
    """Leave out a last line without an end; no line is of more bytes than `longest`."""
    descriptor = _open(path, os.O_RDWR)
    with os.fdopen(descriptor, "rb+") as file:
        size = file.seek(0, os.SEEK_END)
        begin = max(0, size - longest)
        file.seek(begin)
        whole = begin + file.read().rfind(b"\n") + 1
        if whole < size:
            file.truncate(whole)
            os.fsync(file.fileno())


def check_regular(path: Path) -> None:
    """Raise OSError unless it is a file with an end, and there."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def is_gone(path: Path) -> bool:
    """Whether there is nothing at `path`; raises OSError where that cannot be told."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def sync_folder(folder: Path) -> None:
    """Make sure of the names in a folder, where the platform can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | _OURS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return descriptor


def _remove(path: Path) -> None:
    """Remove what may be there; where that cannot be done, it stays."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
