"""Builders of what the engine would show, so that panels are tested without training anything."""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import core.data
from core.config import RunConfig, configure
from core.data.catalog import DATA_SETS
from core.data.spec import DataSpec
from core.snapshot import (
    Clock,
    Curve,
    Digits,
    Evaluation,
    Event,
    History,
    Moment,
    MomentKind,
    MomentView,
    Numbers,
    Paths,
    Phase,
    RaceView,
    RunView,
    Snapshot,
    State,
    TimelineView,
)
from tui.company import Company, Wardrobe

EXAMPLES = 60_000
SECONDS_PER_UPDATE = {"batch": 0.453, "stochastic": 7.4e-6, "mini-batch": 3.7e-4}


def moment(updates: int, size: int = 1, seconds: float | None = None) -> Moment:
    """The moment after so many updates of `size` examples each."""
    examples = updates * size
    spent = examples * 7.9e-6 if seconds is None else seconds
    return Moment(updates, examples, spent, examples / EXAMPLES)


def curve(x: np.ndarray, mean: np.ndarray, spread: float = 0.3) -> Curve:
    """A curve through `mean` with a band of `spread` times the mean around it."""
    return Curve(
        x=x.astype(float),
        mean=mean,
        low=mean * (1 - spread),
        high=mean * (1 + spread),
        last=mean * (1 + spread * np.sin(np.arange(len(x)))),
        count=np.ones(len(x)),
    )


def history(at: Moment, phases: tuple[Phase, ...], points: int = 200, revision: int = 1) -> History:
    """A loss that falls from 2.3 to about 0.1 until `at`, tested at every tenth point."""
    if at.updates == 0:
        empty = {clock: curve(np.zeros(0), np.zeros(0)) for clock in Clock}
        return History(revision, empty, empty, empty, phases)
    share = np.linspace(1 / points, 1, points)
    wobble = 1 + 0.2 * np.random.default_rng(0).standard_normal(points)
    loss = 0.1 + 2.2 * np.exp(-6 * share) * np.clip(wobble, 0.5, 1.5)
    tested = slice(9, None, 10)
    x = {clock: share * at.on(clock) for clock in Clock}
    return History(
        revision,
        train_loss={clock: curve(x[clock], loss) for clock in Clock},
        test_loss={clock: curve(x[clock][tested], loss[tested] * 1.1, 0) for clock in Clock},
        test_accuracy={
            clock: curve(x[clock][tested], 0.95 - 0.8 * np.exp(-8 * share[tested]), 0)
            for clock in Clock
        },
        phases=phases,
    )


@cache
def _test_images() -> np.ndarray:
    """The first 100 real test images, (100, 28, 28), and no torch to read them."""
    path = Path(core.data.__file__).parent / "mnist" / "t10k-images-idx3-ubyte.gz"
    with gzip.open(path) as file:
        file.seek(16)
        return np.frombuffer(file.read(100 * 784), np.uint8).reshape(100, 28, 28)


@cache
def _test_labels() -> tuple[int, ...]:
    path = Path(core.data.__file__).parent / "mnist" / "t10k-labels-idx1-ubyte.gz"
    with gzip.open(path) as file:
        file.seek(8)
        return tuple(file.read(100))


def digits(count: int = 12, confidence: float = 0.9, wrong: frozenset[int] = frozenset()) -> Digits:
    """The first `count` test digits, those at the places in `wrong` misjudged by one."""
    labels = _test_labels()[:count]
    probabilities = np.full((count, 10), (1 - confidence) / 9, np.float32)
    for place, label in enumerate(labels):
        probabilities[place, (label + (place in wrong)) % 10] = confidence
    return Digits(
        indices=tuple(range(count)),
        labels=labels,
        images=_test_images()[:count],
        probabilities=probabilities,
        classes=tuple("0123456789"),
    )


IRIS = DataSpec(
    "iris.csv", "iris.csv", 120, 30, (4,), classes=("setosa", "versicolor", "virginica")
)
HOUSES = DataSpec("houses.csv", "houses.csv", 800, 200, (8,), targets=("price",))


def rows_of_a_table(
    count: int = 12, confidence: float = 0.9, wrong: frozenset[int] = frozenset()
) -> Digits:
    """Examples of IRIS, of classes 0, 1, 2, 0, ..., those at the places in `wrong` misjudged."""
    labels = tuple(place % 3 for place in range(count))
    probabilities = np.full((count, 3), (1 - confidence) / 2, np.float32)
    for place, label in enumerate(labels):
        probabilities[place, (label + (place in wrong)) % 3] = confidence
    inputs = np.arange(count * 4, dtype=np.float32).reshape(count, 4) / 8 - 1
    return Digits(tuple(range(count)), labels, None, probabilities, IRIS.classes, inputs)


def numbers(count: int = 40, targets: tuple[str, ...] = HOUSES.targets) -> Numbers:
    """Numbers from 0 to 100, told too large by 5; the example at place 7 too small by 30."""
    true = np.linspace(0, 100, count, dtype=np.float32)[:, None].repeat(len(targets), 1)
    predicted = true + 5
    predicted[7 % max(count, 1) :][:1] -= 35
    return Numbers(tuple(range(count)), true, predicted, targets)


EVENTS = (
    Event(1, Moment(), "strategy", "", "batch"),
    Event(2, moment(60_012), "strategy", "batch", "stochastic"),
    Event(3, moment(90_000), "learning rate", "0.01", "0.0126"),
    Event(4, moment(110_000), "optimizer", "SGD", "Adam", note="momentum begins at zero"),
)


def moments() -> tuple[MomentView, ...]:
    """Trained, changed, trained on, gone back to the end of the first epoch, trained on."""
    beginning, change, epoch = MomentKind.BEGINNING, MomentKind.CHANGE, MomentKind.EPOCH
    interval, left = MomentKind.INTERVAL, MomentKind.LEFT
    told = (
        (beginning, 0, "", 0.098, True),
        (interval, 24_500, "", 0.887, True),
        (epoch, 60_000, "", 0.921, True),
        (interval, 84_000, "", 0.926, False),
        (change, 90_000, "learning rate 0.01 → 0.1", 0.931, False),
        (epoch, 120_000, "", 0.802, False),
        (left, 131_072, "", 0.794, False),
        (interval, 84_500, "", 0.929, True),
        (change, 96_000, "optimizer sgd → adam", 0.933, True),
        (epoch, 120_000, "", 0.94, True),
    )
    return tuple(
        MomentView(id, moment(updates), kind, what, 3 * (1 - right), right, on_path, here=False)
        for id, (kind, updates, what, right, on_path) in enumerate(told, 1)
    )


def timeline(*told: MomentView, undo: int | None = None, redo: int | None = None) -> TimelineView:
    """The moments, by default those above; `undo` and `redo` are ids of such."""
    told = told or moments()
    by_id = {each.id: each for each in told}
    ways = (None if id is None else by_id[id] for id in (undo, redo))
    return TimelineView(told, 6.1 * len(told), 256.0, *ways)


def looking_back(run: RunView, id: int) -> RunView:
    """The run while the moment of this id is looked at."""
    at = next(each.at for each in run.timeline.moments if each.id == id)
    looked_at = replace(run, glimpse=id)
    past = run_view(State.PAUSED, updates=at.updates, config=run.config)
    then = replace(
        past, id=run.id, name=run.name, timeline=run.timeline, glimpse=id, train_loss=0.333
    )
    return replace(looked_at, then=then)


def run_view(
    state: State = State.RUNNING,
    *,
    updates: int = 144_601,
    config: RunConfig | None = None,
    **changes: Any,
) -> RunView:
    """A run in the middle of its third epoch, or as `changes` say.

    With `updates=0` it is a run that has not begun: nothing measured, nothing drawn.
    """
    config = config or configure({})
    size = config.examples_per_update(EXAMPLES)
    at = moment(updates, size)
    begun = updates > 0
    rate = 1 / SECONDS_PER_UPDATE[config.strategy] if state is State.RUNNING else 0.0
    first = Phase("batch", EXAMPLES, Moment())
    now = Phase(config.strategy, size, moment(updates // 3, size))
    phases = (first, now) if begun else (replace(now, start=Moment()),)
    tested = Evaluation(moment(updates // 10 * 9, size), 0.241, 0.931)
    view = RunView(
        name="run 1",
        state=state,
        config=config,
        data=DATA_SETS[config.data],
        model_title="SimpleNet 784-128-10",
        device="cpu",
        residence="resident",
        stepper="fused",
        slower_because="",
        threads=2,
        training_examples=EXAMPLES,
        at=at,
        examples_per_update=size,
        update_progress=0.0,
        learning_rate=config.learning_rate,
        updates_per_second=rate,
        examples_per_second=rate * size,
        train_loss=0.214 if begun else None,
        trembling=0.31 if begun else None,
        recent=np.abs(np.sin(np.arange(300 if begun else 0))).astype(np.float32),
        seconds_per_update=SECONDS_PER_UPDATE if begun else {},
        evaluation=tested if begun else None,
        best=replace(tested, accuracy=0.944) if begun else None,
        events=EVENTS if begun else (),
        history=history(at, phases),
        digits=digits(12, wrong=frozenset({3})),
    )
    return replace(view, **changes)


def of_numbers(state: State = State.RUNNING, *, updates: int = 144_601, **changes: Any) -> RunView:
    """The same of a run that tells the prices of HOUSES."""
    tested = Evaluation(moment(updates // 10 * 9), 0.241, r2=0.842)
    usual: dict[str, Any] = {
        "data": HOUSES,
        "model_title": "Perceptron 8-64-1",
        "training_examples": HOUSES.train,
        "evaluation": tested if updates else None,
        "best": replace(tested, r2=0.851) if updates else None,
        "digits": numbers(),
    }
    run = run_view(state, updates=updates, **{**usual, **changes})
    empty = {clock: curve(np.zeros(0), np.zeros(0)) for clock in Clock}
    return replace(run, history=replace(run.history, test_accuracy=empty))


def snapshot(run: RunView | None = None, revision: int = 1, **changes: Any) -> Snapshot:
    """A snapshot that shows `run`, the default one unless given, and nothing to load."""
    shown = run_view() if run is None else run
    return replace(Snapshot(revision, loading=None, runs=(shown,)), **changes)


def company(
    *runs: RunView,
    selected: int | None = None,
    race: RaceView | None = None,
    paths: Paths | None = None,
    hidden: frozenset[int] = frozenset(),
) -> Company:
    """Runs together, each with a look of its own; the first is selected unless an id is given."""
    shown = runs[0] if selected is None else next(run for run in runs if run.id == selected)
    return Company(shown, runs, Wardrobe().dress(runs), hidden, race, paths)
