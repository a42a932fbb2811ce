"""How a race without a screen is told while it runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from core.racing.race import Budget
from core.snapshot import RaceView, RunView
from tui.format import percent, plural
from tui.headless.reports import LINE_SECONDS, Bar, Lines, Report
from tui.score import score_of


class RaceReport(Report, Protocol):
    """Tells of runs that race."""

    def show_race(self, what: str, share: float, runs: Sequence[RunView]) -> None:
        """How the runs stand in `what`, of which `share` is done, 0 to 1; told again and again."""
        ...


class RaceLines(Lines):
    """A plain line every few seconds."""

    def show_race(self, what: str, share: float, runs: Sequence[RunView]) -> None:
        if time.monotonic() - self._shown_at >= LINE_SECONDS:
            self._shown_at = time.monotonic()
            standing = "; ".join(map(_one, runs))  # names may have commas
            spent, score = percent(share, 0), score_of(runs[0]).name
            self.say(f"{what}: {spent} of the budget spent; test {score}: {standing}")


class RaceBar(Bar):
    """A bar towards the end of the budget."""

    def show_race(self, what: str, share: float, runs: Sequence[RunView]) -> None:
        tested = [(run.evaluation, run) for run in runs if run.evaluation]
        _, ahead = max(tested, key=lambda e: (e[0].score, -e[0].loss), default=(None, None))
        self._draw(what, share, f"ahead: {_one(ahead)}" if ahead else "")


def share_spent(race: RaceView) -> float:
    """How much of its budget the lane that has come farthest has spent, 0 to 1."""
    return 1.0 if race.over else max(race.spent.values()) / race.budget.amount


def race_title(runs: Sequence[RunView], budget: Budget) -> str:
    """What is trained, on what, by whom and for how long, in one line."""
    first = runs[0]
    return (
        f"{first.model_title} on {first.data.title}, "
        f"{plural(first.training_examples, 'training example')}; {first.device}; "
        f"seed {first.config.seed}; {budget.in_words} each for "
        + "; ".join(run.name for run in runs)
    )


def _one(run: RunView) -> str:
    return f"{run.name} {score_of(run).of_test(run.evaluation)}"
