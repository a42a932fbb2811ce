"""Who is ahead: the same race judged on each clock, at a place that all runs have reached."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.snapshot import Clock, Curve, History, RunView, State

_WINDOW = 0.1  # of the way to the place: the training loss is the mean over so much of it
_FAR = 0.5  # of the way to the place: what was measured farther off says little about it
_FEW = 100  # examples: the mean loss over fewer is mostly chance


class Measure(StrEnum):
    """What can be drawn, and compared."""

    LOSS = "loss"  # of training
    TEST_LOSS = "test loss"
    ACCURACY = "accuracy"  # on the test set

    @property
    def heading(self) -> str:
        return {"loss": "Training loss", "accuracy": "Test accuracy"}.get(self, "Test loss")

    def curve(self, history: History, clock: Clock) -> Curve:
        return {
            Measure.LOSS: history.train_loss,
            Measure.TEST_LOSS: history.test_loss,
            Measure.ACCURACY: history.test_accuracy,
        }[self][clock]


@dataclass(frozen=True, slots=True)
class Standing:
    """The runs at one `place` on a clock: ids with their values there, the best first.

    `rough` are those of which too little was measured near the place for their value to be
    relied on; a value is NaN where next to nothing was, and comes last.
    """

    place: float
    ranking: tuple[tuple[int, float], ...]
    rough: frozenset[int]

    @property
    def is_level(self) -> bool:
        """Whether nobody is ahead, as after a fork that changed nothing."""
        return len(self.ranking) > 1 and self.ranking[0][1] == self.ranking[1][1]


def standing(runs: Iterable[RunView], clock: Clock, measure: Measure) -> Standing | None:
    """How the runs stand at the greatest place that all of them have reached, from 0.

    For what is measured on the test set, that is the last place up to which each has an
    evaluation, and values lie on a straight line between the evaluations before and after. The
    training loss is the mean over the updates in the last tenth of the way there; of a bucket of
    the curve that only partly lies in it, that part counts. The window is the same for every
    run, so all lag alike. None as long as the runs have nothing in common beyond their start, or
    beyond where a fork parted.
    """
    curves = [(run, measure.curve(run.history, clock)) for run in runs]
    place = min((_reach(run, curve, clock, measure) for run, curve in curves), default=0.0)
    parted = max((run.forked_at.on(clock) for run, _ in curves if run.forked_at), default=0.0)
    if place <= parted:
        return None
    values: dict[int, float] = {}
    rough: set[int] = set()
    for run, curve in curves:
        if measure is Measure.LOSS:
            values[run.id], is_rough = _mean(curve, place, run.examples_per_update)
        else:
            values[run.id], is_rough = _between(curve, place)
        if is_rough:
            rough.add(run.id)
    sign = -1 if measure is Measure.ACCURACY else 1
    # A value that is not finite comes last, whatever its sign.
    order = sorted(values, key=lambda i: (not math.isfinite(values[i]), sign * values[i]))
    return Standing(place, tuple((i, values[i]) for i in order), frozenset(rough))


def _reach(run: RunView, curve: Curve, clock: Clock, measure: Measure) -> float:
    """How far it can be judged. What trains no more stands where it is, at the end of its time."""
    if not len(curve.x):
        return 0.0
    stands = measure is Measure.LOSS and run.state is not State.RUNNING
    return run.at.on(clock) if stands else float(curve.x[-1])


def _between(curve: Curve, place: float) -> tuple[float, bool]:
    """The value at `place`; whether the nearest evaluation is far."""
    import numpy as np

    value = float(np.interp(place, curve.x, curve.last))
    return value, bool(np.abs(curve.x - place).min() > _FAR * place)


def _mean(curve: Curve, place: float, size: int) -> tuple[float, bool]:
    """The mean loss in the window before `place`, of updates of `size` examples each.

    And whether that is rough, being the mean over few examples.
    """
    import numpy as np

    begin, end = np.append(0.0, curve.x[:-1]), curve.x  # of the stretch of each bucket
    inside = np.minimum(end, place) - np.maximum(begin, (1 - _WINDOW) * place)
    share = np.clip(inside, 0.0, None) / np.maximum(end - begin, np.finfo(float).tiny)
    updates = curve.count * share
    met = updates > 0
    if not met.any():
        return float(curve.last[-1]), True
    value = float(np.average(curve.mean[met], weights=updates[met]))
    last = min(int(np.searchsorted(end, place)), len(end) - 1)
    if curve.count[last] > 1 and end[last] > (1 + _FAR) * place:
        return math.nan, True  # the mean of a bucket that leads far beyond
    return value, bool(updates.sum() * size < _FEW)
