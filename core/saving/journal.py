"""The journal of a run: JSON Lines, each with a checksum of its own; only ever added to."""

from __future__ import annotations

import json
import platform
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.config import RunConfig
from core.data.spec import DataSpec
from core.errors import UserError
from core.means import Means
from core.saving import description, files
from core.saving.fields import DamagedError, Fields
from core.saving.settings import as_json, from_json

FORMAT, VERSION = "gd-tui journal", 1
_LONGEST = 1_000_000  # bytes of a line
_PACKAGES = ("gd-tui", "torch", "numpy", "numba")


@dataclass(frozen=True, slots=True)
class Heading:
    """What a run began with.

    `start` names a checkpoint beside the journal, if it began there; `first` is the number of
    this line: a journal that had to begin anew goes on with the numbers of the one before.
    """

    name: str
    config: RunConfig
    data: DataSpec
    threads: int  # of the machine
    start: str = ""
    first: int = 0
    update: int = 0  # at which it begins
    running: bool = False  # it trained then
    means: Means | None = None  # by which it did, where that is known


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number, second and update, `what` happened, and all that is told of it."""

    n: int
    seconds: float
    update: int
    what: str
    told: Fields


def heading_line(heading: Heading, created: str) -> str:
    """The first line, with the versions and the machine that it was written on."""
    return sealed(
        {
            "n": heading.first,
            "t": 0.0,
            "update": heading.update,
            "what": "begin",
            "format": FORMAT,
            "version": VERSION,
            "name": heading.name,
            "created": created,
            "start": heading.start,
            "settings": as_json(heading.config),
            "data": description.as_json(heading.data),
            "threads": heading.threads,
            "running": heading.running,
            "means": asdict(heading.means) if heading.means else None,
            "versions": {"python": platform.python_version(), **_versions()},
            "machine": {"system": platform.platform(), "processor": platform.machine()},
        }
    )


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def sealed(told: Mapping[str, Any]) -> str:
    """One line of the journal, its checksum last."""
    text = json.dumps(told, allow_nan=False)
    return f'{text[:-1]}, "sum": "{zlib.crc32(text[:-1].encode()):08x}"}}\n'


def read(path: Path) -> tuple[Heading, list[Line]]:
    """The heading of a journal and its lines. A torn last line is left out.

    Raises UserError, in one line, if it cannot be read or if anything in it was altered.
    """
    with _blaming(path):
        lines = _lines(path)
        return _heading(next(lines)), list(lines)


def ends(path: Path) -> tuple[Heading, Line | None]:
    """The heading of a journal and its last line, if it has another; all of it is checked.

    Raises UserError, as `read` does.
    """
    with _blaming(path):
        lines = _lines(path)
        heading, last = _heading(next(lines)), deque(lines, maxlen=1)
        return heading, last[0] if last else None


def go_on(path: Path) -> tuple[Heading, Line | None]:
    """The ends of a journal that is to be added to: a torn last line is cut off.

    Raises UserError, as `read` does.
    """
    told = ends(path)
    with _blaming(path):
        files.cut_torn_line(path, _LONGEST)
    return told


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    try:
        yield
    except DamagedError as fault:
        raise UserError(f"the journal cannot be used: {fault}", str(path)) from None
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise UserError(f"the journal cannot be read: {why}", str(path)) from None


def _lines(path: Path) -> Iterator[Line]:
    """Every line, the heading first; each has the number after that of the one before it."""
    last = None
    for number, text in enumerate(_whole_lines(path), 1):
        try:
            line = _line(text)
        except DamagedError as fault:
            raise DamagedError(f"line {number:,}: {fault}") from None
        if last is not None and line.n != (last if line.what == "weights" else last + 1):
            raise DamagedError(
                f"line {number:,}: it follows line {last:,}, but its number is {line.n:,}"
            )
        last = line.n
        yield line
    if last is None:
        raise DamagedError("there is no journal of gd-tui in it")


def _whole_lines(path: Path) -> Iterator[bytes]:
    files.check_regular(path)
    with path.open("rb") as file:
        while text := file.readline(_LONGEST + 1):
            if not text.endswith(b"\n"):
                if len(text) > _LONGEST:
                    raise DamagedError(f"it has a line of more than {_LONGEST:,} bytes")
                return  # torn: the process ended while it was written
            yield text


def _line(text: bytes) -> Line:
    fields = Fields(_unsealed(text))
    seconds = fields.number("t")
    if not 0 <= seconds < 1e12:
        raise DamagedError("t is not a number of seconds")
    return Line(
        fields.integer("n"), seconds, fields.integer("update"), fields.text("what", 50), fields
    )


def _unsealed(text: bytes) -> dict[str, Any]:
    body, _, end = text.rpartition(b', "sum": "')
    if len(end) != 11 or end[8:] != b'"}\n' or f"{zlib.crc32(body):08x}".encode() != end[:8]:
        raise DamagedError("it was altered: its checksum is not its own")
    try:
        told = json.loads(body + b"}")
    except (ValueError, RecursionError):
        raise DamagedError("it is no JSON object") from None
    if not isinstance(told, dict):
        raise DamagedError("it is no JSON object")
    return told


def _heading(line: Line) -> Heading:
    try:
        return _checked_heading(line)
    except DamagedError as fault:
        raise DamagedError(f"line 1: {fault}") from None


def _checked_heading(line: Line) -> Heading:
    fields = line.told
    if line.what != "begin" or fields.text("format", 50) != FORMAT:
        raise DamagedError("it is no journal of gd-tui")
    if fields.integer("version") != VERSION:
        raise DamagedError(
            f"its version is {fields.integer('version'):,}, and version {VERSION} is read here"
        )
    config = from_json(fields.fields("settings"))
    data = description.from_json(fields.fields("data"), config)
    threads = fields.integer("threads", 1, 100_000)
    return Heading(
        fields.text("name", 100),
        config,
        data,
        threads,
        fields.text("start", 50),
        line.n,
        line.update,
        fields.flag("running"),
        means(fields.fields("means")) if "means" in fields else None,
    )


def means(fields: Fields) -> Means:
    """By what updates were made. Raises DamagedError."""
    threads, micro_batch = fields.integer("threads", 1, 4096), fields.integer("micro_batch", 1)
    return Means(fields.text("stepper", 20), threads, micro_batch)
