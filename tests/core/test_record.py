"""What is known of a run's past says what it means."""

from __future__ import annotations

import numpy as np
import pytest

from core.record import Record
from core.snapshot import Moment


def add(record: Record, updates: int, size: int, seconds: float) -> None:
    losses, sizes = np.ones(updates, np.float32), np.full(updates, size, np.int64)
    record.add_updates(Moment(), sizes, seconds, losses)


def test_a_cost_is_time_over_updates_and_one_stalled_update_does_not_decide() -> None:
    record = Record()
    record.begin_phase("stochastic", 1, Moment())
    for _ in range(50):
        add(record, updates=2000, size=1, seconds=0.02)
    assert record.seconds_per_update["stochastic"] == pytest.approx(1e-5)
    add(record, updates=1, size=1, seconds=0.02)
    assert record.seconds_per_update["stochastic"] < 1.1e-5


def test_a_halt_of_a_minute_is_taken_for_a_slow_slice() -> None:
    record = Record()
    record.begin_phase("stochastic", 1, Moment())
    for _ in range(50):
        add(record, updates=2000, size=1, seconds=0.02)
    add(record, updates=2000, size=1, seconds=60.0)
    assert record.seconds_per_update["stochastic"] < 1.2e-5


def test_a_cost_follows_when_updates_become_slower() -> None:
    record = Record()
    record.begin_phase("stochastic", 1, Moment())
    add(record, updates=2000, size=1, seconds=0.02)
    for _ in range(500):
        add(record, updates=200, size=1, seconds=0.02)
    assert record.seconds_per_update["stochastic"] == pytest.approx(1e-4, rel=0.02)


def test_an_epochs_short_last_update_does_not_count_and_another_size_begins_anew() -> None:
    record = Record()
    record.begin_phase("mini-batch", 64, Moment())
    add(record, updates=1, size=64, seconds=0.01)
    add(record, updates=1, size=32, seconds=0.005)
    assert record.seconds_per_update == {"mini-batch": pytest.approx(0.01)}
    record.begin_phase("mini-batch", 128, Moment(updates=2))
    assert record.seconds_per_update == {}


def test_a_copy_goes_its_own_way() -> None:
    record = Record()
    record.begin_phase("batch", 10, Moment())
    add(record, updates=1, size=10, seconds=1.0)
    copied = record.copy()
    add(record, updates=1, size=10, seconds=3.0)
    record.add_event(Moment(), "lr", "1", "2")
    assert copied.seconds_per_update == {"batch": 1.0}
    assert copied.events == ()
    assert len(copied.window.latest(9)) == 1
