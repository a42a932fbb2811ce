"""Metrics as tables: every point of every curve, in the phase that made it, and nothing invalid."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.export.metrics import Form, write_curves, write_journal_metrics
from core.record import Record
from core.snapshot import Clock, Curve, Evaluation, History, Moment, Phase

Step = tuple[str, int, float]  # strategy, batch size, seconds of the slice


def recorded(steps: list[Step], updates: int = 3) -> tuple[Record, list[tuple[int, str, int]]]:
    """A run of so many updates in each step; and for each update its strategy and batch size."""
    record, at = Record(), Moment()
    made: list[tuple[int, str, int]] = []
    for strategy, size, seconds in steps:
        record.begin_phase(strategy, size, at)
        losses = np.linspace(2, 1, updates, dtype=np.float32) / (1 + at.updates)
        record.add_updates(at, np.full(updates, size), seconds, losses)
        made += [(at.updates + i, strategy, size) for i in range(1, updates + 1)]
        at = Moment(at.updates + updates, at.examples + updates * size, at.seconds + seconds)
        record.add_evaluation(Evaluation(at, 1 / (1 + at.updates), 0.5), torch.zeros(1))
    return record, made


def rows_of(history: History, form: Form) -> list[dict[str, Any]]:
    """What was written, read back as others would."""
    stream = io.StringIO()
    write_curves(history, stream, form)
    stream.seek(0)
    if form is Form.CSV:
        return list(csv.DictReader(stream))
    return [json.loads(line, parse_constant=pytest.fail) for line in stream]


STEPS: list[Step] = [("batch", 60, 0.3), ("stochastic", 1, 0.1), ("mini-batch", 7, 0.7)]


def test_a_table_has_a_row_for_every_point_of_every_curve() -> None:
    record, _ = recorded(STEPS)
    history = record.history()
    rows = rows_of(history, Form.JSON_LINES)
    for measure in ("train_loss", "test_loss", "test_accuracy"):
        for clock in Clock:
            curve = getattr(history, measure)[clock]
            own = [row for row in rows if row["measure"] == measure and row["clock"] == clock]
            for column in ("x", "mean", "low", "high", "last", "count"):
                assert [row[column] for row in own] == getattr(curve, column).tolist()
    assert len(rows) == 3 * 9 + 2 * 3 * 3


def test_both_forms_say_the_same() -> None:
    history = recorded(STEPS)[0].history()
    lines, table = rows_of(history, Form.JSON_LINES), rows_of(history, Form.CSV)
    assert [*table[0]] == [*lines[0]]
    assert table == [{name: str(value) for name, value in line.items()} for line in lines]


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["batch", "stochastic", "mini-batch"]),
            st.integers(1, 50),
            st.floats(1e-5, 1e3),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_on_every_clock_a_point_is_said_to_be_of_the_phase_that_made_it(steps: list[Step]) -> None:
    record, made = recorded(steps)
    rows = rows_of(record.history(), Form.JSON_LINES)
    of_updates = [(int(row["x"]), row["strategy"], row["batch_size"]) for row in rows[: len(made)]]
    assert of_updates == made
    kinds = [(strategy, size) for _, strategy, size in made]
    for clock in (Clock.EXAMPLES, Clock.SECONDS):
        own = [row for row in rows if row["measure"] == "train_loss" and row["clock"] == clock]
        counted = [kind for row in own for kind in [(row["strategy"], row["batch_size"])]]
        spread = [kind for row, kind in zip(own, counted, strict=True) for _ in range(row["count"])]
        assert spread == kinds


def test_an_evaluation_belongs_to_the_update_before_it_not_to_the_change_after_it() -> None:
    rows = rows_of(recorded(STEPS)[0].history(), Form.JSON_LINES)
    for clock in Clock:
        own = [row for row in rows if row["measure"] == "test_loss" and row["clock"] == clock]
        assert [(row["strategy"], row["batch_size"]) for row in own] == [
            (strategy, size) for strategy, size, _ in STEPS
        ]


def test_what_was_judged_before_the_first_update_is_of_the_phase_that_begins_there() -> None:
    record = Record()
    record.begin_phase("batch", 60, Moment())
    record.add_evaluation(Evaluation(Moment(), 2.3, 0.1), torch.zeros(1))
    rows = rows_of(record.history(), Form.JSON_LINES)
    assert {row["strategy"] for row in rows} == {"batch"}


def history_of(curve: Curve, *phases: Phase) -> History:
    curves = dict.fromkeys(Clock, curve)
    return History(1, curves, curves, curves, phases)


def test_where_the_phase_was_not_kept_the_strategy_is_left_empty() -> None:
    curve = Curve(np.array([5.0, 15.0]), *[np.ones(2)] * 5)
    history = history_of(curve, Phase("batch", 60, Moment(10, 10, 10.0)))
    assert [row["strategy"] for row in rows_of(history, Form.CSV)[:2]] == ["", "batch"]
    assert [row["batch_size"] for row in rows_of(history, Form.JSON_LINES)[:2]] == [None, 60]
    assert rows_of(history_of(curve), Form.JSON_LINES)[0]["strategy"] is None


def test_what_is_not_finite_is_left_empty() -> None:
    curve = Curve(np.ones(1), np.array([np.inf]), *[np.ones(1)] * 4)
    assert rows_of(history_of(curve), Form.JSON_LINES)[0]["mean"] is None
    assert rows_of(history_of(curve), Form.CSV)[0]["mean"] == ""


def test_a_run_without_an_update_is_a_table_without_rows() -> None:
    history = Record().history()
    stream = io.StringIO()
    write_curves(history, stream, Form.CSV)
    assert stream.getvalue() == "measure,clock,x,mean,low,high,last,count,strategy,batch_size\n"
    assert rows_of(history, Form.JSON_LINES) == []


LINES = [
    {"update": 0, "epoch": 0.0, "examples": 0, "seconds": 0.0, "test_loss": 2.3, "n": 1},
    {
        "update": 9,
        "train_loss": float("nan"),
        "test_accuracy": None,
        "test_r2": 0.5,
        "seconds": 1 / 3,
    },
]


def test_metrics_of_a_journal_keep_their_names_and_their_gaps() -> None:
    stream = io.StringIO()
    write_journal_metrics(LINES, stream, Form.CSV)
    assert stream.getvalue() == (
        "update,epoch,examples,seconds,train_loss,test_loss,test_accuracy,test_r2\n"
        "0,0.0,0,0.0,,2.3,,\n"
        "9,,,0.3333333333333333,,,,0.5\n"
    )


def test_metrics_of_a_journal_as_json_lines_name_what_is_missing_null() -> None:
    stream = io.StringIO()
    write_journal_metrics(iter(LINES), stream, Form.JSON_LINES)
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "update": 0,
        "epoch": 0.0,
        "examples": 0,
        "seconds": 0.0,
        "train_loss": None,
        "test_loss": 2.3,
        "test_accuracy": None,
        "test_r2": None,
    }
    assert (second["update"], second["seconds"]) == (9, 1 / 3)
    assert [second[name] for name in ("epoch", "train_loss", "test_accuracy")] == [None] * 3
