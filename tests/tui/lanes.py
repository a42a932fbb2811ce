"""Builders of runs that raced, so that what compares them is tested without training anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.config import RunConfig, configure
from core.racing.race import DEFAULT_BUDGET, Budget
from core.snapshot import (
    MILESTONES,
    Clock,
    Curve,
    Evaluation,
    Moment,
    NoiseScale,
    Phase,
    RaceView,
    RunView,
    State,
    Steadiness,
)
from tests.tui import views

Tests = tuple[tuple[float, float, float], ...]  # seconds, accuracy, loss

COSTS = {"batch": 0.45, "stochastic": 7.5e-6, "mini-batch": 4.0e-4}
TESTS: dict[str, Tests] = {
    "batch": ((0, 0.10, 2.31), (0.45, 0.15, 2.29), (5.4, 0.55, 1.95), (9.9, 0.71, 1.58)),
    "stochastic": ((0, 0.10, 2.31), (0.1, 0.83, 0.55), (0.6, 0.91, 0.31), (9.8, 0.961, 0.14)),
    "mini-batch": ((0, 0.10, 2.31), (0.5, 0.72, 1.2), (2.0, 0.88, 0.45), (9.9, 0.924, 0.27)),
}
LOSSES = {"batch": 1.59, "stochastic": 0.121, "mini-batch": 0.262}
TREMBLING = {"batch": 0.00031, "stochastic": 0.382, "mini-batch": 0.0812}
STEADINESS = {"batch": (0.998, 1.001), "stochastic": (0.031, 3.42), "mini-batch": (0.187, 2.37)}
NOISE = {"batch": 154.0, "stochastic": 1840.0, "mini-batch": 612.0}


def moment(seconds: float, *, size: int, cost: float) -> Moment:
    """Where a run that makes an update of `size` in `cost` is after so many seconds."""
    updates = int(seconds / cost)
    examples = updates * size
    return Moment(updates, examples, updates * cost, examples / views.EXAMPLES)


def tested(tests: Tests, place: int) -> Curve:
    """The curve on the clock of seconds of the accuracy (place 1) or the loss (place 2)."""
    values = np.array([test[place] for test in tests], dtype=float)
    seconds = np.array([test[0] for test in tests], dtype=float)
    return Curve(seconds, values, values, values, values, np.ones(len(tests)))


def lane(
    id: int,
    strategy: str,
    *,
    seconds: float = 10.0,
    tests: Tests | None = None,
    config: RunConfig | None = None,
    **changes: Any,
) -> RunView:
    """A run that trained by one strategy alone for about so many seconds; `changes` as given.

    What it reached follows from its `tests`.
    """
    config = (config or configure({})).changed("strategy", strategy)
    size, cost = config.examples_per_update(60_000), COSTS[strategy]
    tests = TESTS[strategy] if tests is None else tests
    tests = tuple(test for test in tests if test[0] <= seconds)
    at = moment(seconds, size=size, cost=cost)
    made = [
        Evaluation(moment(when, size=size, cost=cost), loss, accuracy)
        for when, accuracy, loss in tests
    ]
    when = [replace(each.at, seconds=test[0]) for each, test in zip(made, tests, strict=True)]
    reached = {
        share: next(m for m, each in zip(when, made, strict=True) if each.accuracy >= share)
        for share in MILESTONES
        if any(each.accuracy >= share for each in made)
    }
    past = views.history(at, (Phase(strategy, size, Moment()),))
    past = replace(
        past,
        test_accuracy={**past.test_accuracy, Clock.SECONDS: tested(tests, 1)},
        test_loss={**past.test_loss, Clock.SECONDS: tested(tests, 2)},
    )
    cosine, detour = STEADINESS[strategy]
    name = f"mini-batch {size}" if strategy == "mini-batch" else strategy
    return replace(
        views.run_view(State.RUNNING, config=config, updates=max(1, at.updates)),
        **{
            "id": id,
            "name": name,
            "at": at,
            "events": (),
            "history": past,
            "evaluation": made[-1] if made else None,
            "best": max(made, key=lambda each: each.accuracy) if made else None,
            "reached": reached,
            "train_loss": LOSSES[strategy],
            "trembling": TREMBLING[strategy],
            "seconds_per_update": {strategy: cost},
            "steadiness": Steadiness(cosine, detour, 16, at, 0.0121),
            "noise_scale": NoiseScale(NOISE[strategy], at, 0.0308),
            **changes,
        },
    )


def lanes(seconds: float = 10.0) -> tuple[RunView, RunView, RunView]:
    """The race of the chapter after so many seconds: batch, stochastic, mini-batch."""
    return (
        lane(0, "batch", seconds=seconds),
        lane(1, "stochastic", seconds=seconds),
        lane(2, "mini-batch", seconds=seconds),
    )


def race(
    runs: tuple[RunView, ...], budget: Budget = DEFAULT_BUDGET, *, over: bool = False
) -> RaceView:
    """The race that these runs are in, each from its very start."""
    return RaceView(
        budget,
        tuple(run.id for run in runs),
        {run.id: Moment() for run in runs},
        {run.id: min(run.at.on(budget.clock), budget.amount) for run in runs},
        over,
    )


def forked(
    batch: RunView, id: int, *, train_loss: float, test_loss: float, seconds: float = 10.0
) -> RunView:
    """A fork of a run by batch that went on by stochastic, for about so many seconds more."""
    start = batch.at
    updates = int(seconds / COSTS["stochastic"])
    at = Moment(start.updates + updates, start.examples + updates, start.seconds + seconds)
    phases = (*batch.history.phases, Phase("stochastic", 1, start))
    return replace(
        batch,
        id=id,
        name=f"run {id}",
        config=batch.config.changed("strategy", "stochastic"),
        parent=batch.name,
        parent_id=batch.id,
        forked_at=start,
        at=at,
        train_loss=train_loss,
        evaluation=Evaluation(at, test_loss, 0.9),
        history=replace(batch.history, phases=phases),
    )


def further(run: RunView, *, train_loss: float, test_loss: float, seconds: float = 10.0) -> RunView:
    """The run, trained for so many seconds more by the strategy it has."""
    updates, start = int(seconds / COSTS[run.config.strategy]), run.at
    at = Moment(
        start.updates + updates,
        start.examples + updates * run.examples_per_update,
        start.seconds + seconds,
    )
    return replace(run, at=at, train_loss=train_loss, evaluation=Evaluation(at, test_loss, 0.8))
