"""The whole benchmark, part by part: what can be measured here is, what cannot says why."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tui.bench import memory, saving, screen, speed, start
from tui.bench.effort import NORMAL, QUICK, Effort
from tui.bench.process import GD_TUI, NO_TERMINAL, MissingError, Place, has_terminals
from tui.bench.results import BUSY, Figure, Results

Say = Callable[[str], object]

# The person's own settings, which must not decide the result.
_NOT_PASSED_ON = ("GD_TUI_", "TEXTUAL", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
_SOURCE = Path(__file__).parents[2]  # of the packages core and tui
_VERSIONS = ("torch", "numba", "numpy", "scipy", "textual")


def measure(*, quick: bool, say: Say) -> Results:
    """Measure everything; `say` is told what is under way. Writes only to a temporary folder.

    Raises UserError where the chapter's loop cannot be run at all.
    """
    began = time.perf_counter()
    effort = QUICK if quick else NORMAL
    machine = _machine()
    with tempfile.TemporaryDirectory(prefix="gd-tui-bench-") as name:
        folder = Path(name)
        place = Place(_environment(folder), folder)
        say("a first run, which also compiles the kernels where that was not done yet")
        _run_once(place)
        figures = tuple(_figures(place, effort, say))
        rows = tuple(speed.rows(place, effort, say))
    return Results(machine, quick, time.perf_counter() - began, rows, figures)


def _run_once(place: Place) -> None:
    """Train a little without watching: what is read or compiled from now on is on the disk."""
    command = (*GD_TUI, "run", "--updates", "1")
    subprocess.run(command, env=place.env, cwd=place.folder, capture_output=True, check=False)


def _environment(folder: Path) -> Mapping[str, str]:
    """This very gd-tui, a good terminal, an empty config file, and nothing else set."""
    config = folder / "config.toml"
    config.touch()
    kept = {name: v for name, v in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
    here = os.pathsep.join(filter(None, (str(_SOURCE), kept.get("PYTHONPATH"))))
    good = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return (
        kept
        | good
        | {
            "GD_TUI_CONFIG": str(config),
            "GD_TUI_RUNS": str(folder / "runs"),
            "PYTHONPATH": here,
        }
    )


def _figures(place: Place, effort: Effort, say: Say) -> Iterator[Figure]:
    terminal = has_terminals()
    parts = _screen_parts(place, effort)
    for what, part in parts.items():
        if terminal:
            say(what)
            yield from _attempt(what, part)
        else:
            yield Figure(what, None, "", NO_TERMINAL)
    say("peak memory")
    if memory.can_tell():
        yield from _attempt("peak memory", lambda: memory.peaks(place, terminal=terminal))
    else:
        yield Figure("peak memory", None, "", memory.UNKNOWN)
    say(saving.COST)
    yield from _attempt(saving.COST, lambda: saving.figures(place, effort))


def _screen_parts(place: Place, effort: Effort) -> dict[str, Callable[[], Iterable[Figure]]]:
    """What needs a terminal, by what it is called."""
    costs = {
        screen.cost_name(size): partial(screen.cost, place, effort, size) for size in screen.SIZES
    }
    return {
        "first frame": partial(start.first_frame, place, effort),
        "first update": partial(start.first_update, place, effort),
        "key to frame, and bytes to the terminal": partial(screen.answers, place, effort),
        **costs,
        screen.GAIN_OF_SHARING: partial(screen.gain_of_sharing, place, effort),
        screen.COST_OF_SEVERAL: partial(screen.cost_of_several, place, effort),
        "the screen's answers with several runs": partial(screen.answers_of_several, place, effort),
    }


def _attempt(what: str, part: Callable[[], Iterable[Figure]]) -> Iterable[Figure]:
    try:
        return list(part())
    except MissingError as fault:
        return [Figure(what, None, "", str(fault))]


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "processors": os.cpu_count(),
        BUSY: _busy(),
        "python": platform.python_version(),
    } | {name: _version(name) for name in _VERSIONS}


def _busy() -> float | None:
    """How many processors were kept busy during the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
