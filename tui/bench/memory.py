"""The most memory that a process held at any moment of its life."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from tui.bench.process import GD_TUI, MissingError, Place, Watched
from tui.bench.results import Figure

UNKNOWN = "not measured here: this system does not tell"

_UPDATES = "3"
_FULL_BATCH = ("--strategy", "batch", "--updates", _UPDATES)
_PYTHON = (sys.executable, "-c")
_PROCESSES: dict[str, Sequence[str]] = {
    "torch and MNIST loaded": (*_PYTHON, "from tui.bench.problem import mnist; mnist()"),
    "plain PyTorch, 3 full-batch updates": (
        *_PYTHON,
        f"from tui.bench.plain import make_whole_updates; make_whole_updates({_UPDATES})",
    ),
    "gd-tui run, 3 full-batch updates": (*GD_TUI, "run", *_FULL_BATCH),
}
_ON_SCREEN = (*GD_TUI, "--start", "--quit", *_FULL_BATCH)

# Stands between us and the process, as what is reported begins with the memory of its parent.
_WATCHER = (
    "import resource, subprocess, sys\n"
    "status = subprocess.call(sys.argv[2:])\n"
    "most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    "open(sys.argv[1], 'w').write(str(most))\n"
    "sys.exit(status)"
)


def can_tell() -> bool:
    """Whether this system tells how much memory a process took."""
    return find_spec("resource") is not None


def peaks(place: Place, *, terminal: bool) -> Iterator[Figure]:
    """Each process's peak; with `terminal` also that of the app."""
    for name, command in _PROCESSES.items():
        yield peak(name, command, place, terminal=False)
    if terminal:
        yield peak("gd-tui, 3 full-batch updates", _ON_SCREEN, place, terminal=True)


def peak(name: str, command: Sequence[str], place: Place, *, terminal: bool) -> Figure:
    """The peak of one process. Raises MissingError if it fails."""
    noted = place.folder / "peak"
    with Watched((*_PYTHON, _WATCHER, str(noted), *command), place, terminal=terminal) as process:
        if process.wait():
            raise MissingError(f"not measured: {name} failed")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes in what the system calls one
    most = int(noted.read_text()) * unit
    how = "resident memory at its most, as the system tells when the process has ended"
    return Figure(f"peak memory, {name}", most / 2**20, "MiB", how)
