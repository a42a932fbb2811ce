"""How soon the app is there: its first frame beside an empty app's, and its first update."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median

from tui.bench.effort import Effort
from tui.bench.process import COLUMNS, GD_TUI, LINES, Place, Watched
from tui.bench.results import Figure, Target
from tui.bench.training import Training
from tui.format import plural

_EMPTY = (
    "from textual.app import App\n"
    "from textual.widgets import Static\n"
    "class Empty(App):\n"
    "    def compose(self):\n"
    "        yield Static('nothing here')\n"
    "Empty().run()"
)
_FIRST_FRAMES = (
    (GD_TUI, rb"gd-tui|cockpit"),
    ((sys.executable, "-c", _EMPTY), rb"nothing here"),
)


def first_frame(place: Place, effort: Effort) -> list[Figure]:
    """The time to the app's first frame, and its ratio to that of an empty Textual app."""
    starts = [
        [_seconds(command, place, shown, "a first frame") for command, shown in _FIRST_FRAMES]
        for _ in range(effort.frames)
    ]
    ours, empty = (median(each) for each in zip(*starts, strict=True))
    how = (
        f"from the command to the first bytes with text in a {COLUMNS}x{LINES} terminal, "
        f"the median of {plural(effort.frames, 'start')}, by turns"
    )
    ratio = median(app / nothing for app, nothing in starts)
    over = f"{how}; the empty app, which shows one line, took {empty:.3f} s"
    return [
        Figure("first frame", ours, "s", how),
        Figure("first frame over an empty Textual app's", ratio, "times", over, Target(1.3, True)),
    ]


def first_update(place: Place, effort: Effort) -> list[Figure]:
    """The time until the app has trained."""
    seconds = [_until_update(place) for _ in range(effort.starts)]
    how = (
        f"from the command, gd-tui --start, to the first update, in a {COLUMNS}x{LINES} terminal "
        f"on a warm disk; the median of {plural(effort.starts, 'start')}"
    )
    return [Figure("first update", median(seconds), "s", how, Target(3.0, at_most=True))]


def _until_update(place: Place) -> float:
    with Training((), place) as training:
        return training.first_update() - training.began


def _seconds(command: Sequence[str], place: Place, shown: bytes, what: str) -> float:
    with Watched(command, place) as process:
        return process.wait_for(shown, what) - process.began
