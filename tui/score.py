"""How well a network does on the test set, in words: accuracy of classes, R² of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from core.racing.standing import Measure
from core.snapshot import Evaluation, RunView
from tui.format import number, percent

_IN_FULL = 100.0  # an R² further from 0 is written in three figures


def r_squared(value: float | None) -> str:
    """A coefficient of determination, to three decimals: 0.842, -0.031."""
    if value is None or not isfinite(value) or abs(value) >= _IN_FULL:
        return number(value)
    return f"{value:.3f}"


@dataclass(frozen=True, slots=True)
class Score:
    """What tells how good a network is: its `name`, which figure of a test it is, how written.

    `measure` is what runs are compared by, and `ahead` says that one of them is best by it.
    """

    name: str
    of: Callable[[Evaluation], float | None]
    text: Callable[[float | None], str]
    measure: Measure
    ahead: str

    def of_test(self, evaluation: Evaluation | None) -> str:
        """The figure of a test, if there was one."""
        return self.text(self.of(evaluation) if evaluation else None)

    def said(self, evaluation: Evaluation | None) -> str:
        """The same with its name: "test accuracy 93.1 %", "test R² 0.842"."""
        return f"test {self.name} {self.of_test(evaluation)}"


ACCURACY = Score("accuracy", lambda test: test.accuracy, percent, Measure.ACCURACY, "best accuracy")
R_SQUARED = Score("R²", lambda test: test.r2, r_squared, Measure.TEST_LOSS, "lowest test loss")


def score_of(run: RunView) -> Score:
    """The score of what the run's network is to tell."""
    return ACCURACY if run.data.classes else R_SQUARED
