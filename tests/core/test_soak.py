"""An hour of random commands, compressed: nothing grows, no clock drifts, no line is lost."""

from __future__ import annotations

import gc
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor

from core.commands import (
    Advance,
    BringBack,
    Change,
    Command,
    Drop,
    FinishEpoch,
    Fork,
    GoBack,
    LookBack,
    Pause,
    Redo,
    Rename,
    Reset,
    Return,
    Select,
    ShowDigits,
    ShowInstruments,
    Start,
    StartExperiment,
    StartRace,
    Undo,
)
from core.config import configure
from core.engine import Engine
from core.figures import Instrument
from core.racing.race import Budget, of_strategies
from core.run import Run
from core.saving import journal
from core.saving.plan import Plan
from core.saving.resume import newest
from core.snapshot import Clock
from tests.core.saved import folders, loaded, runs_of, small

pytestmark = pytest.mark.usefixtures("small")
assert small

COMMANDS = 600
BOUND = 4.0  # megabytes of a run's timeline
SECONDS = 6.0  # between two commands: an hour in all
BOUNDED = configure({"snapshot_memory": BOUND})
CHANGES = (
    ("lr", (0.001, 0.01, 0.05)), ("strategy", ("batch", "stochastic", "mini-batch")),
    ("batch_size", (3, 8, 97)), ("optimizer", ("sgd", "adam", "nadam", "rmsprop", "muon")),
    ("order", ("fixed", "reshuffled", "sequential", "replacement")), ("momentum", (0, 0.5, 0.9)),
    ("schedule", ("constant", "cosine", "step")), ("eval_every", ("epoch", 20, 500)),
    ("speed", (1e5, None)), ("snapshot_every", (0.5, 5, None)), ("amsgrad", (True, False)),
    ("epochs", (1, None)), ("updates", (100_000, None)), ("nothing", (1,)), ("lr", (-1,)),
)  # fmt: skip


class Hour:
    """The clock of the engine: it goes on a little whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1e-5
        return self.now


def any_command(chance: random.Random, engine: Engine) -> Command:
    """One of all that there are; some cannot be carried out where the run stands."""
    run = engine.snapshot.run
    moments = run.timeline.moments if run else ()
    moment = chance.choice(moments).id if moments else 7
    name, values = chance.choice(CHANGES)
    usual: list[Callable[[], Command]] = [
        Start, Pause, Undo, Redo, GoBack,
        lambda: Advance(chance.randint(1, 30)), lambda: Advance(chance.randint(1, 5)), FinishEpoch,
        *[lambda: Change(name, chance.choice(values))] * 6,
        lambda: Return(moment), lambda: Return(10**9), lambda: LookBack(moment),
        lambda: LookBack(None), lambda: ShowDigits(chance.randint(0, 9), chance.random() < 0.5),
        lambda: ShowInstruments(frozenset(chance.choices([*Instrument], k=chance.randint(0, 2)))),
    ]  # fmt: skip
    rare: list[Callable[[], Command]] = [
        Fork, Drop, Drop, Drop, BringBack, lambda: Reset(chance.randint(0, 3)), Select,
        lambda: Fork(moment), lambda: Rename(f"run {chance.randint(0, 99)}"), StartExperiment,
        lambda: StartRace(of_strategies(BOUNDED), Budget(Clock.UPDATES, 9)),
    ]  # fmt: skip
    return chance.choice(rare if chance.random() < 0.2 else usual)()


def check_clocks(engine: Engine, hour: Hour) -> None:
    """Each run has counted what it has done, in no more time than there was."""
    for run in runs_of(engine):
        trainer, record = run.trainer, run.trainer.record
        at = trainer.at
        assert 0 <= at.seconds <= hour.now
        assert (
            trainer.sampler.epochs_done * trainer.sampler.n + trainer.sampler.cursor == at.examples
        )
        assert at.updates <= at.examples
        losses = record.series["train_loss"].curves()
        for clock, curve in losses.items():
            assert curve.count.sum() <= at.updates
            assert not len(curve.x) or curve.x[-1] <= at.on(clock) * (1 + 1e-9) + 1e-9
        assert [event.number for event in record.events] == sorted(
            {event.number for event in record.events}
        )


class Told:
    """Which commands each run has obeyed, as the journals should tell."""

    KINDS = Advance, FinishEpoch, Start, Pause

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: dict[int, Counter[str]] = {}
        obey = Run.obey

        def noting(run: Run, command: Command) -> None:
            obey(run, command)  # type: ignore[arg-type]
            if isinstance(command, self.KINDS):
                self.of.setdefault(id(run.log), Counter())[type(command).__name__.lower()] += 1

        monkeypatch.setattr(Run, "obey", noting)


def check_memory(engine: Engine) -> None:
    """What lives are the runs that there are, their timelines, and little besides."""
    gc.collect()
    assert engine._arena
    everyone = engine._arena.fleet.everyone
    owned: dict[int, int] = {}
    for each in gc.get_objects():
        if isinstance(each, Tensor):
            storage = each.untyped_storage()
            owned[storage.data_ptr()] = storage.nbytes()
    assert sum(type(each) is Run for each in gc.get_objects()) <= len(everyone) + 1
    kept = sum(run.past.timeline.megabytes for run in everyone)
    for run in everyone:
        assert run.past.timeline.megabytes <= run.trainer.config.snapshot_memory
    assert sum(owned.values()) / 1e6 <= kept + 0.5 * len(everyone) + 2


def check_journal(engine: Engine, run: Run, told: Told) -> None:
    """Every command that was carried out stands in it, and every line that there was."""
    assert engine._keeper
    folder = engine._keeper._charges[run.id].desk.folder
    if folder:
        _, lines = journal.read(folder.journal)
        counted, obeyed = Counter(line.what for line in lines), told.of.get(id(run.log), Counter())
        begun = Counter(start=int(bool(run.origin)))  # a fork of a run that trained begins so
        assert all(0 <= counted[what] - obeyed[what] <= begun[what] for what in obeyed)
        assert max(line.n for line in lines) == run.log.last


def test_an_hour_of_anything_leaves_nothing_behind_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour, chance, told = Hour(), random.Random(11), Told(monkeypatch)
    settings = {"eval_every": "epoch", "snapshot_memory": BOUND, "snapshot_every": 0.5}
    engine = Engine(configure(settings), saving=Plan(tmp_path, 10.0, gap=0.0))
    engine._clock = hour
    engine.load()
    loaded(engine)
    for number in range(COMMANDS):
        ids = [run.id for run in runs_of(engine)]
        engine.send(any_command(chance, engine), chance.choice([None, None, *ids]))
        for _ in range(chance.randint(1, 6)):
            engine.turn()
        hour.now += SECONDS * chance.uniform(0.5, 1.5)
        assert not engine.snapshot.error, engine.snapshot.error
        if number % 100 == 0:
            check_clocks(engine, hour)
            check_memory(engine)
    for run in runs_of(engine):
        engine.send(Pause(), run.id)
    while not engine.at_rest:
        engine.turn()
    check_clocks(engine, hour)
    check_memory(engine)
    runs = runs_of(engine)
    engine.close()
    for folder in folders(tmp_path):
        heading, lines = journal.read(folder.journal)
        numbers = [line.n for line in lines if line.what != "weights"]
        assert numbers == [*range(heading.first + 1, heading.first + 1 + len(numbers))]
        assert newest(folder).saved.checkpoint.line <= (numbers[-1] if numbers else heading.first)
    for run in runs:
        check_journal(engine, run, told)
