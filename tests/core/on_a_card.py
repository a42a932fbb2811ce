"""A whole session on a device that is not the processor: run as a program, it raises or is done."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

import core.data.load
import core.loading
import core.measuring.range_test
import core.steppers.choice
import core.trainer
from core.commands import (
    Advance,
    Change,
    FindRate,
    Fork,
    GoBack,
    LookBack,
    Redo,
    Reset,
    Return,
    ShowDigits,
    ShowInstruments,
    StartRace,
    Undo,
)
from core.config import RunConfig, configure
from core.data.catalog import DATA_SETS
from core.data.spec import DataSpec
from core.data.split import Halves, Resident
from core.engine import Engine
from core.figures import Instrument
from core.losses import Loss
from core.measuring import tracker
from core.models import build
from core.models.build import Network
from core.optimizers.live import LiveOptimizer
from core.racing.race import Budget, of_strategies
from core.randomness import Randomness
from core.saving.plan import Plan
from core.snapshot import Clock, Snapshot, State
from core.steppers import Stepper
from core.steppers.choice import Steppers
from core.steppers.graphs import GraphStepper, keep_on_device, why_not_captured
from tests.core.card import CARD
from tests.core.conftest import NO_KERNELS, make_data
from tests.core.fleets import rested
from tests.core.saved import folder_of, the_run

SPEC = DataSpec("numbers", "Numbers", 97, 40, (5,), targets=("a", "b"), scales=((1, 2), (0, 1)))


def prepare() -> None:
    """Let engines train on the card, which draws no random numbers and knows no inference mode."""

    def mode(on: bool = True) -> Any:
        return torch.no_grad() if on else torch.enable_grad()

    torch.inference_mode = mode  # type: ignore[assignment,misc]
    core.loading.device_of = lambda _name: CARD
    core.loading.Preparation = lambda: NO_KERNELS  # type: ignore[assignment,misc]
    core.trainer.Randomness = lambda seed, _device, model: Randomness(  # type: ignore[assignment,misc]
        seed, torch.device("cpu"), model
    )
    core.measuring.range_test._RATES = core.measuring.range_test._FEWEST
    tracker._SECONDS = 0.0


class Played(GraphStepper):
    """As a captured graph makes updates, but each at once."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given, captures=False)


def play_graphs() -> None:
    """Let updates be made on the card as they are by CUDA graphs."""

    def why_not(steppers: Steppers, optimizer: LiveOptimizer) -> str:
        return why_not_captured(optimizer) or steppers._fault_of("graphs")

    def best(steppers: Steppers, optimizer: LiveOptimizer, config: RunConfig) -> Stepper:
        keep_on_device(optimizer)
        return usual(steppers, optimizer, config)

    usual = Steppers.best
    core.steppers.choice.GraphStepper = Played  # type: ignore[misc]
    Steppers._why_not_graphs = why_not  # type: ignore[method-assign]
    Steppers.best = best  # type: ignore[method-assign]


def classes() -> Halves:
    data = make_data(97, 40, 6)
    spec = replace(DATA_SETS["mnist"], train=97, test=40, shape=(1, 6, 6))
    DATA_SETS["mnist"] = spec
    assert isinstance(data.train, Resident)
    assert isinstance(data.test, Resident)
    return Halves(spec, data.train, data.test)


def numbers() -> Halves:
    inputs = torch.randn(137, 5, generator=torch.Generator().manual_seed(1))
    targets = inputs[:, :2] * 2
    train, test = Resident(inputs[:97], targets[:97]), Resident(inputs[97:], targets[97:])
    return Halves(SPEC, train, test)


def asked(engine: Engine, *commands: Any) -> Snapshot:
    """The snapshot once all this was done; nothing may have failed."""
    for command in commands:
        engine.send(command)
        rested(engine)
        told = engine.snapshot
        assert not told.error, f"{command}: {told.error}"
        for run in told.runs:
            assert run.state is not State.FAILED, f"{command}: {run.reason}"
            assert not run.troubles, f"{command}: {run.troubles}"
            assert not (run.finding and run.finding.trouble), f"{command}: {run.finding}"
    return engine.snapshot


def session(
    halves: Halves, expected: str, *, own: bool = False, **given: object
) -> Iterator[Snapshot]:
    """Train, look, measure, go back, fork, race and go on from the disk."""
    core.data.load.load = lambda *_args, **_given: halves
    runs = Path(tempfile.mkdtemp())
    plan = Plan(runs, 1e9, gap=0.0)
    engine = Engine(configure({"eval_every": "epoch", **given}), saving=plan)
    engine.load()
    assert not engine.snapshot.error, engine.snapshot.error
    yield asked(engine, ShowInstruments(frozenset(Instrument)), ShowDigits(10), Advance(40))
    run = the_run(engine)
    assert run.trainer.data.device == CARD
    steppers = {run.trainer.stepper.name}
    run.prober._noise_due = 0.0
    yield asked(engine, Advance(20), ShowDigits(5, only_wrong=True))
    yield asked(engine, Change("optimizer", "nadam"), Advance(20), Undo(), Redo(), Advance(5))
    steppers.add(run.trainer.stepper.name)
    assert steppers == {expected}, run.trainer.slower_because
    others = "rmsprop", "adagrad", "muon", "sgd"
    changes = [(Change("optimizer", name), Advance(9)) for name in others]
    yield asked(engine, *(command for pair in changes for command in pair))
    yield asked(engine, FindRate(), Change("strategy", "batch"), Advance(2), GoBack(), Advance(3))
    moments = run.past.view(run.trainer).moments
    yield asked(engine, LookBack(moments[1].id), LookBack(), Return(moments[1].id), Advance(4))
    yield asked(engine, Fork(), Advance(9), Reset(), Advance(3))
    place = folder_of(engine)
    if halves.spec.classes and not own:  # batch normalisation needs two examples an update
        budget = Budget(Clock.UPDATES, 9)
        yield asked(engine, StartRace(of_strategies(engine.config), budget))
    engine.close()
    place.acquire()
    again = Engine(configure({}), saving=Plan(runs, 1e9, resume=place, gap=0.0))
    again.load()
    assert not again.snapshot.error, again.snapshot.error
    yield asked(again, Advance(3))
    again.close()


def with_autograd() -> None:
    told = list(session(classes(), "autograd", optimizer="adam", batch_size=8))
    runs = [run for each in told for run in each.runs]
    assert any(run.steadiness for run in runs)
    assert any(run.noise_scale for run in runs)
    assert any(run.confusion and run.confusion.wrong for run in runs)
    assert any(run.weights and run.layers for run in runs)
    assert told[-2].paths


def streamed() -> None:
    given = {"model": "perceptron", "residence": "streamed", "data": "numbers.npz"}
    assert list(session(numbers(), "autograd", batch_size=8, **given))


def with_graphs() -> None:
    play_graphs()
    assert list(session(classes(), "graphs", optimizer="adam", batch_size=8))


def of_the_users_own() -> None:
    """With layers that normalise and drop, and a loss that weighs the classes."""

    def network(*_given: object) -> Network:
        middle = nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.1)
        model = nn.Sequential(nn.Flatten(), nn.Linear(36, 12), *middle, nn.Linear(12, 10))
        return Network(model, Loss("weighted", nn.CrossEntropyLoss(torch.linspace(1, 2, 10))))

    build.build = network
    assert list(session(classes(), "autograd", own=True, optimizer="adam", batch_size=7))


SESSIONS = {
    "autograd": with_autograd,
    "own": of_the_users_own,
    "streamed": streamed,
    "graphs": with_graphs,
}

if __name__ == "__main__":
    prepare()
    SESSIONS[sys.argv[1]]()
    print("done")
