"""What is left to say of a race: its table as one JSON object, and as rows of CSV."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.racing.race import Budget, Lane
from core.snapshot import MILESTONES, Clock, Moment, RunView
from core.summary import Status, finite, status, summary

Row = dict[str, Any]

COUNTED = (Status.DONE, Status.DIVERGED)  # of a run that went as far as it could
_FIGURES = (
    *("budget_spent", "updates", "examples", "epochs", "train_seconds", "updates_per_second"),
    *("seconds_per_update", "train_loss", "test_loss", "test_accuracy", "best_accuracy"),
    *("test_r2", "best_r2"),
    *("trembling", "cosine", "detour", "noise_scale"),
)
_REACHED = tuple((f"{share:g}", str(clock)) for share in MILESTONES for clock in Clock)


def run_row(lane: Lane, run: RunView | None, spent: float | None, otherwise: Status) -> Row:
    """How a lane did: its name, all that `core.summary` tells of its run, and what a race adds.

    `budget_spent` is in the budget's unit. `seconds_per_update` counts training seconds;
    it, `trembling`, `cosine` and `detour` are of the latest updates (see
    `core.snapshot`), `noise_scale` is in examples, accuracies are shares of 1; numbers
    that are told are judged by `test_r2` and `best_r2` instead. `reached` says
    where an evaluation first showed a test accuracy, on each clock; None if none did.
    `otherwise` is the status of a run whose state does not tell that it is over, or that never
    began.
    """
    steadiness = run.steadiness if run else None
    added = {
        "budget_spent": spent,
        "seconds_per_update": run.seconds_per_update.get(run.config.strategy) if run else None,
        "trembling": run.trembling if run else None,
        "cosine": steadiness.cosine if steadiness else None,
        "detour": steadiness.detour if steadiness else None,
        "noise_scale": run.noise_scale.examples if run and run.noise_scale else None,
        "best_accuracy": run.best.accuracy if run and run.best else None,
        "best_r2": run.best.r2 if run and run.best else None,
    }
    return {
        "name": run.name if run else lane.name,
        **summary(lane.config, run, status(run, otherwise)),
        **{name: finite(value) for name, value in added.items()},
        "reached": {f"{share:g}": _reached(run, share) for share in MILESTONES},
    }


def _reached(run: RunView | None, share: float) -> dict[str, float] | None:
    at: Moment | None = run.reached.get(share) if run else None
    return {"seconds": at.seconds, "examples": at.examples, "updates": at.updates} if at else None


def table(budget: Budget, heats: Iterable[Sequence[Row]]) -> dict[str, Any]:
    """The whole race as one JSON object: `budget`, `runs` and `lanes`, the best first.

    Each heat is a race with a seed of its own, a row for each lane in one and the same order;
    `runs` has them one heat after the other. Each of `lanes` has `mean` and `spread` of the
    figures of its runs over `n` `seeds`. Runs that were interrupted or failed are not counted.
    The spread is the sample's standard deviation; a figure that not every one of the runs has is
    None, and so is the spread over one run.
    """
    heats = [list(heat) for heat in heats]
    return {
        "budget": {"clock": str(budget.clock), "amount": budget.amount},
        "runs": [row for heat in heats for row in best_first(heat)],
        "lanes": best_first(
            (_lane(rows) for rows in zip(*heats, strict=True)), lambda e: e["mean"]
        ),
    }


def best_first(
    rows: Iterable[Row], figures: Callable[[Row], Mapping[str, Any]] = lambda row: row
) -> list[Row]:
    """By test accuracy, then by test loss; those that were never tested come last."""

    def key(row: Row) -> tuple[float, float]:
        accuracy, loss = (figures(row)[name] for name in ("test_accuracy", "test_loss"))
        return -math.inf if accuracy is None else accuracy, -math.inf if loss is None else -loss

    return sorted(rows, key=key, reverse=True)


def figure(row: Mapping[str, Any], *path: str) -> float | None:
    """A figure of a row by its name, or by its names from the outside in; None if it has none."""
    found: Any = row
    for name in path:
        found = found[name] if found is not None else None
    value: float | None = found
    return value


def _lane(rows: Sequence[Row]) -> Row:
    counted = [row for row in rows if row["status"] in COUNTED]
    return {
        "name": rows[0]["name"],
        "seeds": [row["seed"] for row in counted],
        "n": len(counted),
        "mean": _over(counted, statistics.fmean),
        "spread": _over(counted, lambda of: statistics.stdev(of) if len(of) > 1 else None),
    }


def _over(rows: Sequence[Row], figure_of: Callable[[list[float]], float | None]) -> Row:
    """`figure_of` the values of each figure; None where not every row has one."""

    def of(*path: str) -> float | None:
        values = [value for row in rows if (value := figure(row, *path)) is not None]
        return figure_of(values) if values and len(values) == len(rows) else None

    reached: dict[str, dict[str, float | None]] = {}
    for share, clock in _REACHED:
        reached.setdefault(share, {})[clock] = of("reached", share, clock)
    return {**{name: of(name) for name in _FIGURES}, "reached": reached}


def csv_rows(table: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The runs of `table` as rows of CSV, the names of the columns first; None is an empty cell.

    The events are left out; `budget` is as it is typed; what was reached has a column for each
    accuracy and clock, such as `reached_0.8_seconds`.
    """
    runs: Sequence[Row] = table["runs"]
    budget = "{clock}:{amount:g}".format_map(table["budget"])
    plain = [name for name in runs[0] if name not in ("events", "reached")]
    yield [*plain, "budget", *(f"reached_{share}_{clock}" for share, clock in _REACHED)]
    for row in runs:
        reached = (figure(row, "reached", share, clock) for share, clock in _REACHED)
        yield [*(row[name] for name in plain), budget, *reached]
