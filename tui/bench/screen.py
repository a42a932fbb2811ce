"""What the screen costs, and how soon it answers: the real app in a real terminal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from math import ceil
from statistics import median

from core.data.catalog import DATA_SETS
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
_SIZE = f"{COLUMNS}x{LINES}"


def cost(place: Place, effort: Effort, size: int) -> list[Figure]:
    """The rate with the screen on over that without, at one batch size.

    Two processes train by turns, and the other one is stopped meanwhile: turns that follow each
    other at once see the machine in the same mood.
    """
    with _training(place, size, screen=True) as on, _training(place, size, screen=False) as off:
        pairs = [
            (on.updates_per_second(seconds), off.updates_per_second(seconds))
            for seconds in [effort.turn_seconds] * (1 + effort.turns)
        ][1:]  # the first ones warm up
    with_screen, without = (median(rates) for rates in zip(*pairs, strict=True))
    how = (
        f"updates per second of wall time: {number(with_screen)} by gd-tui in a {_SIZE} terminal, "
        f"{number(without)} by gd-tui run, with an evaluation at every epoch's end; "
        f"{plural(effort.turns, 'turn')} of {effort.turn_seconds:g} s each, while the other is "
        "stopped; the median of the ratios turn by turn"
    )
    ratio = median(one / other for one, other in pairs)
    return [Figure(cost_name(size), ratio, "times", how, _LEAST[size])]


def cost_name(size: int) -> str:
    batch = f"batch size {size:,}" if size < EXAMPLES else "full batch"
    return f"screen on over screen off, {batch}"


@contextmanager
def _training(place: Place, size: int, *, screen: bool) -> Iterator[Training]:
    """A run with nothing but what training needs, that has begun and now stands still."""
    batch = ("--batch-size", str(size)) if size < EXAMPLES else ("--strategy", "batch")
    options = (*batch, *_AS_FEW_EVALUATIONS_AS_CAN_BE, *_WITHOUT_END)
    with Training(options, place, screen=screen) as training:
        training.first_update()
        training.output.watch(_SETTLING)
        training.output.stop()
        yield training


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
