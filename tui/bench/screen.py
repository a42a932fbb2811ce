"""What the screen costs, and how soon it answers: the real app in a real terminal."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from math import ceil
from statistics import median
from typing import NamedTuple

from core.data.catalog import DATA_SETS
from core.racing.race import MOST_RUNS
from tui.bench.effort import Effort
from tui.bench.process import COLUMNS, LINES, Place, Watched
from tui.bench.results import Figure, Target
from tui.bench.training import Training
from tui.format import number, plural

_SETTLING = 2.0  # seconds after the first update: kernels may still be on their way
_QUIET = 0.5  # seconds without a byte: then it is paused
_AS_FEW_EVALUATIONS_AS_CAN_BE = ("--eval-every", "epoch")
_WITHOUT_END = ("--epochs", "1000000")
EXAMPLES = DATA_SETS["mnist"].train
_LEAST = {1: Target(0.97), 64: Target(0.95), EXAMPLES: Target(0.95)}
SIZES = tuple(_LEAST)
_SHARERS = 4
COST_OF_SEVERAL = f"screen on over screen off, {MOST_RUNS} runs of batch size 1"
GAIN_OF_SHARING = f"{_SHARERS} runs of batch size 1 over one run"
_SIZE = f"{COLUMNS}x{LINES}"


def cost(place: Place, effort: Effort, size: int) -> list[Figure]:
    """The rate with the screen on over that without, at one batch size.

    Two processes train by turns, and the other one is stopped meanwhile: turns that follow each
    other at once see the machine in the same mood.
    """
    with _training(place, size, screen=True) as on, _training(place, size, screen=False) as off:
        turns = by_turns(on, off, effort)
    how = (
        f"updates per second of wall time: {number(turns.one)} by gd-tui in a {_SIZE} terminal, "
        f"{number(turns.other)} by gd-tui run, with an evaluation at every epoch's end; {turns.how}"
    )
    return [Figure(cost_name(size), turns.ratio, "times", how, _LEAST[size])]


def cost_of_several(place: Place, effort: Effort) -> list[Figure]:
    """The same with as many runs as there may be, all of them shown."""
    with (
        _training(place, 1, screen=True, runs=MOST_RUNS) as on,
        _training(place, 1, screen=False, runs=MOST_RUNS) as off,
    ):
        turns = by_turns(on, off, effort)
    how = (
        f"updates per second of wall time in all: {number(turns.one)} by {MOST_RUNS} forks in a "
        f"{_SIZE} terminal, {number(turns.other)} by as many without one; {turns.how}"
    )
    return [Figure(COST_OF_SEVERAL, turns.ratio, "times", how, Target(0.95))]


def gain_of_sharing(place: Place, effort: Effort) -> list[Figure]:
    """How much faster several runs are in all than one, which has the other cores for itself."""
    with (
        _training(place, 1, screen=False, runs=_SHARERS) as several,
        _training(place, 1, screen=False) as one,
    ):
        turns = by_turns(several, one, effort)
    how = (
        f"updates per second of wall time without a screen: {number(turns.one)} by {_SHARERS} "
        f"forks in all, {number(turns.other)} by one run; {turns.how}"
    )
    target = Target(1.8) if (os.cpu_count() or 1) > 1 else None
    return [Figure(GAIN_OF_SHARING, turns.ratio, "times", how, target)]


class Turns(NamedTuple):
    """The median rates of two trainings, and of their ratios turn by turn."""

    one: float
    other: float
    ratio: float
    how: str


def by_turns(one: Training, other: Training, effort: Effort) -> Turns:
    """Let both train by turns, so that each pair of them sees the machine in the same mood."""
    pairs = [
        (one.updates_per_second(seconds), other.updates_per_second(seconds))
        for seconds in [effort.turn_seconds] * (1 + effort.turns)
    ][1:]  # the first ones warm up
    how = (
        f"{plural(effort.turns, 'turn')} of {effort.turn_seconds:g} s each, while the other is "
        "stopped; the median of the ratios turn by turn"
    )
    rates = [median(rates) for rates in zip(*pairs, strict=True)]
    return Turns(rates[0], rates[1], median(a / b for a, b in pairs), how)


def cost_name(size: int) -> str:
    batch = f"batch size {size:,}" if size < EXAMPLES else "full batch"
    return f"screen on over screen off, {batch}"


@contextmanager
def _training(place: Place, size: int, *, screen: bool, runs: int = 1) -> Iterator[Training]:
    """A run with nothing but what training needs, that has begun and now stands still."""
    batch = ("--batch-size", str(size)) if size < EXAMPLES else ("--strategy", "batch")
    options = (*batch, *_AS_FEW_EVALUATIONS_AS_CAN_BE, *_WITHOUT_END)
    with Training(options, place, screen=screen, runs=runs) as training:
        training.first_update()
        training.output.watch(_SETTLING)
        training.output.stop()
        yield training


def answers_of_several(place: Place, effort: Effort) -> list[Figure]:
    """The same with as many runs as there may be."""
    with Training(_AS_FEW_EVALUATIONS_AS_CAN_BE, place, runs=MOST_RUNS) as training:
        training.first_update()
        app = training.output
        app.watch(_SETTLING)
        running = _bytes_per_second(app, effort.running_seconds)
        by_screen = _delays(app, _SCREEN_KEYS, effort.keys)
    shown = f"{MOST_RUNS} runs"
    return [
        *_delay_figures(f"y with {shown}: the screen alone answers", by_screen),
        _bytes_figure(f"running, {shown}", running, 20.0, effort.running_seconds),
    ]


def answers(place: Place, effort: Effort) -> list[Figure]:
    """Bytes written while running, the time from a key to its frame, and bytes while paused."""
    with Training(_AS_FEW_EVALUATIONS_AS_CAN_BE, place) as training:
        training.first_update()
        app = training.output
        app.watch(_SETTLING)
        running = _bytes_per_second(app, effort.running_seconds)
        by_screen = _delays(app, _SCREEN_KEYS, effort.keys)
        by_run = _delays(app, _RUN_KEYS, effort.keys)
        app.press(" ")
        app.drain(_QUIET, "a pause")
        paused = _bytes_per_second(app, effort.paused_seconds)
    return [
        *_delay_figures("y, the chart's scale: the screen alone answers", by_screen),
        *_delay_figures("+ and -, the learning rate: the run answers", by_run),
        _bytes_figure("running", running, 20.0, effort.running_seconds),
        _bytes_figure("paused", paused, 0.0, effort.paused_seconds),
    ]


# Keys pressed in turn, each with what the frame that answers it contains and none before does.
_SCREEN_KEYS = (("y", rb"og y \[y\]"), ("y", rb"near y \[y\]"))  # what they share stays as it is
_RUN_KEYS = (("+", "0.01 → 0.0126".encode()), ("-", "0.0126 → 0.01".encode()))


def _delays(app: Watched, keys: tuple[tuple[str, bytes], ...], count: int) -> list[float]:
    """Milliseconds from each of `count` keys to the bytes of the frame that answers it."""
    moments = random.Random(0)
    delays = []
    for key, answer in islice(cycle(keys), count):
        app.watch(moments.uniform(0.1, 0.3))  # to meet frames at any phase
        pressed = app.press(key)
        delays.append(1e3 * (app.wait_for(answer, f"the answer to the key {key}") - pressed))
    return delays


def _delay_figures(what: str, delays: list[float]) -> list[Figure]:
    how = (
        f"from the key to the bytes of the frame that shows it, {len(delays)} keys at random "
        f"moments, stochastic descent at full speed, {_SIZE}"
    )
    limits = {"p50": None, "p95": Target(50.0, at_most=True), "max": None}
    shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return [
        Figure(f"key to frame, {name} ({what})", quantile(delays, shares[name]), "ms", how, target)
        for name, target in limits.items()
    ]


def quantile(values: list[float], share: float) -> float:
    """The smallest of the values that is at least as large as this share of them."""
    return sorted(values)[max(1, ceil(share * len(values))) - 1]


def _bytes_per_second(app: Watched, seconds: float) -> float:
    return app.watch(seconds) / seconds


def _bytes_figure(state: str, per_second: float, most: float, seconds: float) -> Figure:
    how = f"read from a {_SIZE} terminal in {seconds:g} s at the default frame rate"
    target = Target(most, at_most=True)
    return Figure(f"bytes to the terminal, {state}", per_second / 1e3, "kB/s", how, target)
