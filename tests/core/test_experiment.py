"""Can stochastic descent leave where batch has settled? The experiment is fair, and always ends."""

from __future__ import annotations

import numpy as np
import pytest

from core.commands import Advance, BringBack, Drop, Fork, StartExperiment
from core.config import configure
from core.data import load as loading
from core.data.dataset import Dataset
from core.racing import experiment
from core.racing.claims import Claim, Finding, verdicts
from core.racing.race import Budget
from core.record import Record
from core.snapshot import Clock, Moment, State
from tests.core.fleets import asked, engine_of, names, rested, runs_of


@pytest.fixture(autouse=True)
def small_problem(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.setattr(loading, "load", lambda _name, **_: data)


def record_of(losses: np.ndarray) -> Record:
    record = Record()
    record.add_updates(Moment(), np.ones(len(losses), np.int64), 1.0, losses.astype(np.float32))
    return record


@pytest.mark.parametrize(
    ("losses", "settled"),
    [
        (np.full(999, 0.4), False),  # not long enough to tell
        (np.full(1000, 0.4), True),
        (np.linspace(0.5, 0.4, 1000), False),
        (0.4 + 0.1 * np.exp(-np.arange(3000) / 100), True),
        (np.linspace(0.4, 0.5, 1000), True),  # it falls no more
    ],
)
def test_batch_has_settled_when_its_loss_falls_no_more(losses: np.ndarray, settled: bool) -> None:
    assert experiment.has_settled(record_of(losses)) is settled


def test_the_problem_is_a_small_one_with_the_seed_of_the_run(data: Dataset) -> None:
    config, examples = experiment.problem(configure({"seed": 7, "lr": 0.5}), data)
    assert (config.strategy, config.seed, config.model) == ("batch", 7, "perceptron")
    assert len(examples.train.targets) == min(500, len(data.train.targets))
    assert examples.test.inputs is data.test.inputs


def test_both_start_from_where_batch_has_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        experiment, "has_settled", lambda record: len(record.window.latest(30)) > 20
    )
    monkeypatch.setattr(experiment, "BUDGET", Budget(Clock.UPDATES, 40))
    engine = engine_of()
    snapshot = asked(engine, StartExperiment())
    assert names(snapshot) == ["batch", "stochastic"]
    batch, stochastic = snapshot.runs
    assert stochastic.parent == "batch"
    assert stochastic.forked_at
    assert [phase.strategy for phase in stochastic.history.phases] == ["batch", "stochastic"]
    assert batch.at.updates == stochastic.at.updates == stochastic.forked_at.updates + 40
    assert snapshot.race
    assert snapshot.race.over
    judged = {each.claim: each for each in verdicts(snapshot.runs, snapshot.race)}
    poor = judged[Claim.POOR_PLACE]
    assert poor.evidence is not None
    assert poor.finding in Finding


def test_it_is_given_up_where_batch_does_not_settle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment, "PATIENCE", 0.05)
    monkeypatch.setattr(experiment, "has_settled", lambda _record: False)
    snapshot = asked(engine_of(), StartExperiment())
    (run,) = snapshot.runs
    assert run.state is State.PAUSED
    assert "has not settled in 0.05 training seconds" in run.events[-1].text


def test_without_room_for_the_second_run_the_first_one_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled = False
    monkeypatch.setattr(experiment, "has_settled", lambda _record: settled)
    engine = engine_of()
    asked(engine, Advance(1), *[Fork()] * 5)
    engine.send(StartExperiment())
    engine.turn()
    engine.send(Fork(), 0)
    engine.turn()
    settled = True
    snapshot = rested(engine).snapshot
    assert len(snapshot.runs) == 8
    (batch,) = (run for run in snapshot.runs if run.name == "batch")
    assert "no room" in batch.events[-1].text


def test_a_race_after_it_is_about_the_problem_of_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment, "PATIENCE", 0.01)
    engine = engine_of(lr=0.03, strategy="batch")
    snapshot = asked(engine, StartExperiment())
    assert snapshot.base
    assert (snapshot.base.learning_rate, snapshot.base.model) == (0.03, "simplenet")


def test_putting_the_run_away_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment, "has_settled", lambda _record: False)
    engine = engine_of()
    asked(engine, Advance(1))
    engine.send(StartExperiment())
    engine.turn()
    engine.send(Drop())
    assert names(rested(engine).snapshot) == ["run 1"]
    assert len(runs_of(engine)) == 1
    engine.send(BringBack())
    assert rested(engine).snapshot.runs[1].state is State.PAUSED
