"""Runs of a small problem in an engine that a test steps, saved in a folder of the test's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import core.data.load
import core.loading
from core.commands import ShowDigits
from core.config import configure
from core.data.catalog import DATA_SETS
from core.engine import Engine
from core.run import Run
from core.saving import journal
from core.saving.folder import RunFolder
from core.saving.journal import Heading, Line
from core.saving.plan import Plan
from core.saving.resume import newest
from core.snapshot import RunView, Saving
from tests.core.conftest import NO_KERNELS, make_data, weights_of
from tests.core.fleets import asked, rested, runs_of

TRAIN, TEST, SIDE = 97, 40, 6


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines train on the small problem, which is there at once."""
    data = make_data(TRAIN, TEST, SIDE)
    spec = replace(DATA_SETS["mnist"], train=TRAIN, test=TEST, shape=(1, SIDE, SIDE))
    monkeypatch.setitem(DATA_SETS, "mnist", spec)
    monkeypatch.setattr(core.data.load, "load", lambda *_args, **_given: replace(data, spec=spec))
    monkeypatch.setattr(core.loading, "Preparation", lambda: NO_KERNELS)


def begun(runs: Path | None, seconds: float = 1e9, **given: object) -> Engine:
    """An engine whose runs are saved below `runs` at changes, when they rest, and so often."""
    saving = Plan(runs, seconds, gap=0.0) if runs else None
    engine = Engine(configure({"eval_every": "epoch", **given}), saving=saving)
    engine.load()
    return loaded(engine)


def resumed(folder: RunFolder, *, fork: bool = False, seconds: float = 1e9) -> Engine:
    """An engine that goes on with a run."""
    if not fork:
        folder.acquire()
    plan = Plan(folder.path.parent, seconds, resume=folder, fork=fork, gap=0.0)
    engine = Engine(configure({}), saving=plan)
    engine.load()
    return loaded(engine)


def loaded(engine: Engine) -> Engine:
    assert not engine.snapshot.error, engine.snapshot.error
    return engine


def the_run(engine: Engine, number: int = 0) -> Run:
    return runs_of(engine)[number]


def seen(engine: Engine) -> RunView:
    """The run on show, once everything was tried to be written."""
    assert engine._keeper
    engine._keeper.flush()
    view = asked(engine, ShowDigits(0)).run
    assert view
    return view


def saving(engine: Engine) -> Saving:
    """What the screen is told of saving."""
    told = seen(engine).saving
    assert told
    return told


def folders(runs: Path) -> list[RunFolder]:
    return [RunFolder(path) for path in sorted(runs.iterdir())] if runs.is_dir() else []


def folder_of(engine: Engine, number: int = 0) -> RunFolder:
    seen(engine)
    return engine.folders[number]


def journal_of(engine: Engine, number: int = 0) -> tuple[Heading, list[Line]]:
    """What the journal tells, in which no line may be missing, doubled, or still to come."""
    folder = folder_of(engine, number)
    heading, lines = journal.read(folder.journal)
    numbers = [line.n for line in lines if line.what != "weights"]
    assert numbers == [*range(heading.first + 1, the_run(engine, number).log.last + 1)]
    return heading, lines


def saved_weights(folder: RunFolder) -> list[torch.Tensor]:
    return list(newest(folder).saved.checkpoint.weights.values())


def trained_weights(engine: Engine, number: int = 0) -> list[torch.Tensor]:
    return weights_of(the_run(engine, number).trainer)


__all__ = ["asked", "rested", "small"]
