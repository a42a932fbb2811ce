"""A journal run again ends with the same bits, whatever was done while it was written."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import core.data.load
from core.commands import (
    Advance,
    Change,
    Command,
    FinishEpoch,
    Fork,
    GoBack,
    Pause,
    Redo,
    Reset,
    Return,
    Start,
    Undo,
)
from core.config import configure
from core.data.catalog import DATA_SETS
from core.engine import Engine
from core.errors import UserError
from core.means import Means
from core.replaying.player import Outcome
from core.replaying.script import Replay, load
from core.saving import journal
from core.saving.folder import RunFolder
from core.saving.plan import Plan
from core.snapshot import State
from tests.core.conftest import make_data, same_bits
from tests.core.fleets import asked, rested, runs_of, weights


@pytest.fixture(autouse=True)
def small_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """700 examples that are there at once, and the kernels."""
    data = make_data(700, 40, 6)
    monkeypatch.setitem(DATA_SETS, "mnist", data.spec)
    monkeypatch.setattr(core.data.load, "load", lambda *_args, **_given: data)


def recorded(runs: Path, **given: object) -> Engine:
    """An engine at rest that saves what it does."""
    engine = Engine(configure({"eval_every": "epoch", **given}), saving=Plan(runs, 0.2))
    engine.load()
    return rested(engine)


def replayed(path: Path, speed: float | None = None) -> tuple[Engine, Outcome]:
    """An engine that has replayed a journal to its end, and what came of comparing."""
    script = load(path)
    engine = Engine(script.heading.config, replay=Replay(script, speed))
    engine.load()
    assert engine.player is not None
    assert not engine.snapshot.error
    engine.send(Start())
    for _ in range(200_000):
        engine.turn()
        if engine.player.over:
            return rested(engine), engine.player.outcome
    raise AssertionError("it does not come to its end")


def journals(engine: Engine) -> list[Path]:
    engine.close()
    return [folder.journal for folder in engine.folders]


EVERYTHING: list[list[Command]] = [
    [Advance(300), Change("strategy", "mini-batch"), Advance(20), Change("optimizer", "adam")],
    [Advance(30), Change("lr", 0.01), Advance(10), Undo(), Advance(5), Redo(), Advance(10)],
    [Undo(), Undo(), Advance(40), Change("order", "fixed"), Change("batch_size", 17), Advance(9)],
    [Reset(3), Advance(50), GoBack(), Advance(12), Change("schedule", "cosine"), Advance(12)],
    [Change("strategy", "batch"), Advance(1), Change("lr", 0.3), Return(0), Advance(100)],
]


@pytest.mark.parametrize("commands", EVERYTHING)
def test_a_replay_ends_with_the_same_bits(tmp_path: Path, commands: list[Command]) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(200), *commands)
    (path,) = journals(engine)
    again, outcome = replayed(path)
    assert same_bits(weights(again, "run 1"), weights(engine, "run 1"))
    assert outcome.compared >= 1
    assert (outcome.different, outcome.weights, outcome.loss) == (0, 0.0, 0.0)
    now, then = again.snapshot.run, engine.snapshot.run
    assert now is not None
    assert then is not None
    assert (now.at.updates, now.at.examples, now.state) == (
        then.at.updates,
        then.at.examples,
        then.state,
    )
    assert now.config == then.config


def test_all_at_random_it_still_does(tmp_path: Path) -> None:
    chance = random.Random(5)
    engine = recorded(tmp_path, strategy="mini-batch")
    choices: list[Callable[[], Command]] = [
        lambda: Advance(chance.randrange(1, 60)),
        lambda: Advance(chance.randrange(1, 60)),
        lambda: Change("lr", round(chance.uniform(0.001, 0.1), 4)),
        lambda: Change("batch_size", chance.randrange(2, 600)),
        lambda: Change("optimizer", chance.choice(["sgd", "adam", "rmsprop"])),
        lambda: Change("order", chance.choice(["fixed", "reshuffled", "sequential"])),
        Undo,
        Redo,
        GoBack,
        lambda: Reset(chance.randrange(3)),
    ]
    for _ in range(40):
        asked(engine, chance.choice(choices)())
    asked(engine, Advance(10))
    (path,) = journals(engine)
    again, outcome = replayed(path)
    assert same_bits(weights(again, "run 1"), weights(engine, "run 1"))
    assert outcome.different == 0


def test_what_was_trained_without_kernels_is_replayed_without_them(tmp_path: Path) -> None:
    engine = recorded(tmp_path, strategy="mini-batch")
    (run,) = runs_of(engine)
    run.trainer.pin(Means("autograd", 2, 100))
    asked(engine, Advance(30), Change("batch_size", 300), Advance(10))
    run.trainer.pin(Means("fused", 2, 2048))
    asked(engine, Advance(30))
    (path,) = journals(engine)
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, "run 1"), weights(engine, "run 1"))


def test_a_forks_journal_is_replayed_from_where_it_began(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(100), Change("lr", 0.05), Advance(50), Fork(), Advance(70), Undo())
    asked(engine, Advance(30))
    name = engine.snapshot.run.name if engine.snapshot.run else ""
    path = journals(engine)[1]
    assert journal.read(path)[0].start == "start"
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, name), weights(engine, name))


def test_a_run_that_was_resumed_is_replayed_over_the_break(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(200), Change("strategy", "mini-batch"), Advance(20))
    (path,) = journals(engine)
    folder = RunFolder(path.parent)
    folder.acquire()
    further = Engine(configure({}), saving=Plan(tmp_path, 0.2, folder))
    further.load()
    asked(further, Advance(33))
    further.close()
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, "run 1"), weights(further, "run 1"))


def test_other_weights_are_found_out_and_measured(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(150))
    (run,) = runs_of(engine)
    with torch.no_grad():
        for parameter in run.trainer.model.parameters():
            parameter += 0.001  # no command, and so in no journal
    asked(engine, Advance(1))
    (path,) = journals(engine)
    _, outcome = replayed(path)
    assert outcome.different >= 1
    assert outcome.since == 151
    assert 0.0008 < outcome.weights < 0.0013


def test_at_a_speed_it_goes_no_faster_than_the_recording(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(2000), Change("strategy", "mini-batch"), Advance(20))
    (path,) = journals(engine)
    script = load(path)
    now = 100.0
    player_engine = Engine(script.heading.config, replay=Replay(script, 2.0))
    player_engine._clock = lambda: now
    player_engine.load()
    player = player_engine.player
    assert player is not None
    player_engine.send(Start())
    seen = []
    while not player.over:
        for _ in range(50):
            player_engine.turn()
        seen.append((player.view().seconds, player.run.trainer.updates))
        now += script.seconds / 20
    assert player.outcome.different == 0
    assert len(seen) >= 10  # at twice the speed; it takes a turn or two to begin
    assert [s for s, _ in seen] == sorted(s for s, _ in seen)
    assert len({updates for _, updates in seen}) > 4  # on its way, not all at the end


def test_a_replay_takes_no_orders_but_can_be_held_and_forked(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(500), Change("lr", 0.02), Advance(500))
    (path,) = journals(engine)
    script = load(path)
    player = Engine(script.heading.config, replay=Replay(script, 1e-6))
    player.load()
    rested(player)
    player.send(Start())
    player.turn()
    player.send(Change("lr", 0.5))
    player.turn()
    assert player.snapshot.notice is not None
    assert "a replay goes as it was recorded" in player.snapshot.notice.text
    snapshot = asked(player, Pause())
    assert snapshot.run is not None
    assert snapshot.run.state is State.PAUSED
    assert snapshot.run.config.learning_rate == 0.01
    snapshot = asked(player, Fork(), Change("lr", 0.5), Advance(3))
    assert snapshot.run is not None
    assert (snapshot.run.config.learning_rate, snapshot.run.at.updates) == (0.5, 3)


def test_stops_by_time_are_where_they_were(tmp_path: Path) -> None:
    engine = recorded(tmp_path, seconds=0.02)
    asked(engine, Start())
    asked(engine, Change("lr", 0.02), Advance(300), FinishEpoch())
    (path,) = journals(engine)
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, "run 1"), weights(engine, "run 1"))


def test_a_divergence_is_replayed_as_one(tmp_path: Path) -> None:
    engine = recorded(tmp_path, strategy="mini-batch")
    asked(engine, Advance(300), Change("lr", 1000), Change("weight_decay", 1), Advance(300))
    assert engine.snapshot.run is not None
    assert engine.snapshot.run.state is State.DIVERGED
    asked(engine, GoBack(), Change("lr", 0.02), Advance(20))
    (path,) = journals(engine)
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, "run 1"), weights(engine, "run 1"))


def test_a_replay_that_diverges_where_the_recording_did_not_comes_to_an_end(
    tmp_path: Path,
) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(100))
    (path,) = journals(engine)
    script = load(path)
    other = Engine(script.heading.config, replay=Replay(script))
    other.load()
    assert other.player is not None
    with torch.no_grad():
        next(iter(other.player.run.trainer.model.parameters())).fill_(torch.inf)
    other.send(Start())
    for _ in range(100):
        other.turn()
    assert other.player.over
    assert "is not finite" in other.player.outcome.broken


def test_a_fork_made_while_it_trained_is_replayed(tmp_path: Path) -> None:
    engine = recorded(tmp_path, strategy="mini-batch")
    asked(engine, Advance(20))
    engine.send(Advance(60))
    engine.turn()
    engine.send(Fork())
    rested(engine)
    name = engine.snapshot.runs[1].name
    path = journals(engine)[1]
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, name), weights(engine, name))
    assert again.snapshot.run is not None
    assert again.snapshot.run.at.updates == 80


def test_a_journal_that_had_to_begin_anew_is_replayed_from_there(tmp_path: Path) -> None:
    engine = recorded(tmp_path / "runs", strategy="mini-batch")
    (run,) = runs_of(engine)
    run.trainer.pin(Means("autograd", 2, 100))
    asked(engine, Advance(20))
    assert engine._keeper is not None
    engine._keeper.flush()
    shutil.rmtree(tmp_path / "runs")
    engine.send(Advance(400))
    while run.trainer.updates < 420:
        engine.turn()
        engine._keeper.flush()
    rested(engine)
    (path,) = journals(engine)
    heading, _ = journal.read(path)
    assert heading.start == "start"
    assert heading.means == Means("autograd", 2, 100)
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, "run 1"), weights(engine, "run 1"))


def test_an_order_that_is_changed_while_an_update_is_under_way_is_replayed(tmp_path: Path) -> None:
    engine = recorded(tmp_path, strategy="batch")
    (run,) = runs_of(engine)
    run.trainer.pin(Means("fused", 2, 100))
    engine.send(Advance(1))
    while not run.trainer.mid_update:
        engine.turn()
    asked(engine, Change("order", "fixed"), Change("batch_size", 100), Advance(30))
    (path,) = journals(engine)
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, "run 1"), weights(engine, "run 1"))


def test_a_seed_may_be_as_large_as_any(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(5), Reset(2**63 - 1), Advance(5))
    (path,) = journals(engine)
    _, outcome = replayed(path)
    assert outcome.different == 0


def test_a_journal_whose_updates_run_backwards_is_refused(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(50), Change("lr", 0.02), Advance(50))
    (path,) = journals(engine)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        del line["sum"]
    next(line for line in lines if line["what"] == "change")["update"] = 3
    path.write_text("".join(map(journal.sealed, lines)))
    with pytest.raises(UserError, match="is about update 3, after 50"):
        load(path)


def test_after_a_divergence_the_way_back_outlives_the_process(tmp_path: Path) -> None:
    engine = recorded(tmp_path, strategy="mini-batch")
    asked(engine, Advance(300), Change("lr", 1000), Change("weight_decay", 1), Advance(300))
    assert engine.snapshot.run is not None
    assert engine.snapshot.run.state is State.DIVERGED
    way_back = engine.snapshot.run.way_back
    (path,) = journals(engine)
    folder = RunFolder(path.parent)
    folder.acquire()
    further = Engine(configure({}), saving=Plan(tmp_path, 0.2, folder))
    further.load()
    assert further.snapshot.run is not None
    assert further.snapshot.run.state is State.DIVERGED
    assert further.snapshot.run.way_back == way_back
    asked(further, GoBack(), Change("lr", 0.02), Advance(20))
    further.close()
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert same_bits(weights(again, "run 1"), weights(further, "run 1"))


def test_a_journal_without_the_moment_that_it_begins_at_is_refused(tmp_path: Path) -> None:
    engine = recorded(tmp_path)
    asked(engine, Advance(10), Fork(), Advance(10))
    path = journals(engine)[1]
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(path, alone)
    script = load(alone / path.name)
    other = Engine(script.heading.config, replay=Replay(script))
    other.load()
    assert "start.safetensors" in other.snapshot.error
    assert isinstance(other.snapshot.fault, UserError)


def test_a_journal_that_went_on_after_the_last_save_is_replayed(tmp_path: Path) -> None:
    """So it does where the process was killed: what came after the save is made again."""
    engine = recorded(tmp_path)
    asked(engine, Advance(100))
    engine.close()
    (folder,) = engine.folders
    kept = {path: path.read_bytes() for path in folder.checkpoints()}
    folder.acquire()
    killed = Engine(configure({}), saving=Plan(tmp_path, 0.2, folder))
    killed.load()
    asked(killed, Advance(50), Change("lr", 0.05), Advance(50))
    killed.close()
    for path in folder.checkpoints():
        path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)
    folder.acquire()
    further = Engine(configure({}), saving=Plan(tmp_path, 0.2, folder))
    further.load()
    asked(further, Advance(30))
    (path,) = journals(further)
    again, outcome = replayed(path)
    assert outcome.different == 0
    assert again.snapshot.run is not None
    assert again.snapshot.run.at.updates == 130
    assert same_bits(weights(again, "run 1"), weights(further, "run 1"))
