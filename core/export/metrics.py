"""A run's figures as tables, in CSV and in JSON Lines.

Curves: what the charts show, a row for each point of a curve. `measure` is train_loss, test_loss
or test_accuracy (a share of 1); `clock` is what `x` counts: updates, examples or seconds of
training. A point stands for `count` values, the latest of which was at `x`: their `mean`, the
lowest (`low`), the highest (`high`) and the latest (`last`). `strategy` and `batch_size` are those
of the update that led to `x`; they are empty where that is not known any more.

Journal metrics: the run's figures from second to second, `update` by `update`; `test_accuracy` of
a run that tells classes, `test_r2` of one that tells numbers.

CSV begins with the columns' names. What is not there is empty in CSV, null in JSON.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TextIO

import numpy as np

from core.snapshot import Clock, Curve, History, Phase
from core.summary import finite

CURVE_COLUMNS = (
    *("measure", "clock", "x", "mean", "low", "high", "last", "count"),
    *("strategy", "batch_size"),
)
JOURNAL_COLUMNS = (
    *("update", "epoch", "examples", "seconds"),
    *("train_loss", "test_loss", "test_accuracy", "test_r2"),
)
_ROUNDING = 1e-12  # share of a place that sums of seconds may be off; an update takes far more


class Form(StrEnum):
    """How a table is written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


def write_curves(history: History, stream: TextIO, form: Form) -> None:
    """Write the curves of all three measures, on each clock."""
    _write(_curve_rows(history), CURVE_COLUMNS, stream, form)


def write_journal_metrics(lines: Iterable[Mapping[str, Any]], stream: TextIO, form: Form) -> None:
    """Write metrics as they were recorded; of each line, what JOURNAL_COLUMNS name."""
    rows = ([line.get(column) for column in JOURNAL_COLUMNS] for line in lines)
    _write(rows, JOURNAL_COLUMNS, stream, form)


def _curve_rows(history: History) -> Iterator[Sequence[Any]]:
    for measure in ("train_loss", "test_loss", "test_accuracy"):
        for clock, curve in getattr(history, measure).items():
            for point, phase in zip(
                _points(curve), _phases_at(curve, history.phases, clock), strict=True
            ):
                made_in = (phase.strategy, phase.batch_size) if phase else (None, None)
                yield measure, clock.value, *point, *made_in


def _points(curve: Curve) -> Iterator[Sequence[Any]]:
    """x, mean, low, high, last and count of each point."""
    values = (curve.x, curve.mean, curve.low, curve.high, curve.last)
    counts = curve.count.astype(np.int64)
    return zip(*(column.tolist() for column in (*values, counts)), strict=True)


def _phases_at(curve: Curve, phases: Sequence[Phase], clock: Clock) -> list[Phase | None]:
    """The phase that made the update before each point; None where it was not kept.

    At the very beginning, where there is no such update, it is the phase that begins there.
    """
    starts = [phase.start.on(clock) for phase in phases]
    begun = np.searchsorted(starts, curve.x * (1 - _ROUNDING)).tolist()
    unknown = phases[0] if phases and phases[0].start.updates == 0 else None
    return [phases[count - 1] if count else unknown for count in begun]


def _write(
    rows: Iterable[Sequence[Any]], columns: Sequence[str], stream: TextIO, form: Form
) -> None:
    clean = ([finite(value) for value in row] for row in rows)
    if form is Form.CSV:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(clean)
    else:
        for row in clean:
            line = dict(zip(columns, row, strict=True))
            stream.write(json.dumps(line, allow_nan=False) + "\n")
