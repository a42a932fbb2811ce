"""Several runs in one engine whose worker is the test: built, asked, and looked at."""

from __future__ import annotations

import torch

from core.commands import (
    StartRace,
)
from core.config import RunConfig, configure
from core.engine import Engine
from core.racing.race import Budget, lanes, of_strategies
from core.run import Run
from core.snapshot import RunView, Snapshot
from tests.core.conftest import weights_of


def engine_of(**given: object) -> Engine:
    """An engine that is loaded and at rest."""
    engine = Engine(configure({"eval_every": "epoch", **given}))
    engine.load()
    return rested(engine)


def rested(engine: Engine) -> Engine:
    for _ in range(100_000):
        engine.turn()
        if engine.at_rest:
            return engine
    raise AssertionError("it does not come to rest")


def asked(engine: Engine, *commands: object, run: int | None = None) -> Snapshot:
    """The snapshot once all this was done."""
    for command in commands:
        engine.send(command, run)  # type: ignore[arg-type]
        rested(engine)
    return engine.snapshot


def runs_of(engine: Engine) -> list[Run]:
    assert engine._arena is not None
    return engine._arena.fleet.runs


def names(snapshot: Snapshot) -> list[str]:
    return [run.name for run in snapshot.runs]


def by_name(snapshot: Snapshot, name: str) -> RunView:
    return next(run for run in snapshot.runs if run.name == name)


def weights(engine: Engine, name: str) -> list[torch.Tensor]:
    return weights_of(next(run for run in runs_of(engine) if run.name == name).trainer)


def race(config: RunConfig, budget: Budget, **chosen: list[str]) -> StartRace:
    return StartRace(lanes(config, chosen) if chosen else of_strategies(config), budget)
