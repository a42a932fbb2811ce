"""Batch against others by the clock: who is sooner at an accuracy, or ahead at an equal time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.racing.standing import Measure, standing
from core.snapshot import Clock, RunView

FASTER = 1.25  # times as long: an evaluation comes late by a part of the way to the next one
POINTS = 0.01  # of the test accuracy: on 10,000 examples, chance moves it by half of that


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run gets on: training seconds `to_target` (None: not in the `spent` ones).

    `accuracy` and `loss` are those on the test set at the equal time.
    """

    name: str
    to_target: float | None
    spent: float
    accuracy: float | None
    loss: float | None


@dataclass(frozen=True, slots=True)
class Contest:
    """Runs against the clock: to a `target` test accuracy, and at an equal `time` in seconds.

    The target is the highest test accuracy that tells whether the best of the others is FASTER
    there than batch; None if none does. Then POINTS more accuracy at the equal time decide; it
    is None before all were tested often enough.
    """

    training_examples: int
    target: float | None
    time: float | None
    batch: Pace
    others: tuple[Pace, ...]
    batch_is_behind: bool | None  # None: that cannot be told yet


def contest(batch: RunView, others: Sequence[RunView]) -> Contest:
    """How a run by batch does against one or more others."""
    target, behind = _by_target(batch, others)
    time, accuracies = _at_equal_time(batch, others, Measure.ACCURACY)
    if behind is None and time is not None:
        best = max(accuracies[other.id] for other in others)
        behind = best - accuracies[batch.id] > POINTS
    _, losses = _at_equal_time(batch, others, Measure.TEST_LOSS)
    batch_pace, *paces = (
        Pace(
            _said(run),
            _seconds_to(run, target),
            run.at.seconds,
            accuracies.get(run.id),
            losses.get(run.id),
        )
        for run in (batch, *others)
    )
    return Contest(batch.training_examples, target, time, batch_pace, tuple(paces), behind)


def _by_target(batch: RunView, others: Sequence[RunView]) -> tuple[float | None, bool | None]:
    """The highest test accuracy that tells whether batch is behind; and whether it is."""
    everyone = (batch, *others)
    for target in sorted({share for run in everyone for share in run.reached}, reverse=True):
        if any(target in run.reached and not run.reached[target].updates for run in everyone):
            continue  # who begins there has not got there
        times = [seconds for run in others if (seconds := _seconds_to(run, target)) is not None]
        slow = _seconds_to(batch, target)
        if not times:
            if slow is not None and all(_tested_until(run) >= slow for run in others):
                return target, False
        elif slow is not None:
            return target, slow > FASTER * min(times)
        elif _tested_until(batch) > FASTER * min(times):
            return target, True
    return None, None


def _tested_until(run: RunView) -> float:
    """Until when it is known what accuracy it had not reached."""
    return run.evaluation.at.seconds if run.evaluation else 0.0


def _seconds_to(run: RunView, target: float | None) -> float | None:
    at = run.reached.get(target) if target is not None else None
    return at.seconds if at else None


def _at_equal_time(
    batch: RunView, others: Sequence[RunView], measure: Measure
) -> tuple[float | None, dict[int, float]]:
    """The latest time up to which all were tested, and what each had by then, by run id."""
    stands = standing((batch, *others), Clock.SECONDS, measure)
    if stands is None or stands.rough:
        return None, {}
    return stands.place, dict(stands.ranking)


def _said(run: RunView) -> str:
    """The run by its name, with its strategy if that does not say it."""
    strategy = run.config.strategy
    return run.name if strategy in run.name else f"{run.name} ({strategy})"
