"""A run that is killed at random moments, again and again: `python -m tests.core.killed RUNS N`.

One process reads torch and the kernels; each life of the run is a fork of it, killed by signal 9.
After each, what is found on the disk is compared with a run that nobody interrupted. The last line
of the output is an account as JSON; anything that is not as it should be ends it with an error.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

import core.data.load
import core.loading
import core.saving.keeper
from core.commands import Advance, Start
from core.config import configure
from core.data.catalog import DATA_SETS
from core.data.dataset import Dataset
from core.engine import Engine
from core.errors import UserError
from core.fingerprint import fingerprint
from core.record import Record
from core.saving import journal
from core.saving.folder import RunFolder
from core.saving.plan import Plan
from core.saving.resume import find, newest
from core.snapshot import State
from core.steppers.fused.preparation import Preparation
from core.threads import settle_in
from core.trainer import Trainer
from tests.core.conftest import make_data

CONFIG = configure({"batch_size": 16, "optimizer": "adam", "eval_every": "epoch"})
MORE = 300  # updates that the survivor makes
SHORTEST, LONGEST = 0.005, 0.1  # seconds until a life ends
UNBORN = 0.25  # of the lives end so long after they began to be loaded


def live(runs: Path, born: int) -> None:
    """Go on with the run, or begin it; once it was saved, `born` is told. Saves never pause."""
    core.saving.keeper._LOOK_SECONDS = 0.0
    engine = engine_of(runs)
    engine.send(Start())
    while not the_run(runs):
        engine.turn()
    os.write(born, b".")
    while engine.turn():
        pass


def engine_of(runs: Path) -> Engine:
    folder = the_run(runs)
    if folder:
        folder.acquire()
    engine = Engine(CONFIG, saving=Plan(runs, 0.0, resume=folder))
    engine.load()
    if engine.snapshot.error:
        raise SystemExit(engine.snapshot.error)
    return engine


def the_run(runs: Path) -> RunFolder | None:
    """Its folder, once there is anything to go on from."""
    there = [RunFolder(path) for path in sorted(runs.iterdir())] if runs.exists() else []
    saved = [folder for folder in there if folder.journal.exists()]
    assert len(saved) <= 1, "it went on in another folder"
    return saved[0] if saved else None


class Reference:
    """The same run, which nobody interrupts, as far as it was asked for."""

    def __init__(self, data: Dataset, kernels: Preparation) -> None:
        self._trainer = Trainer(CONFIG, data, Record(), kernels)

    def weights_at(self, updates: int) -> str:
        trainer = self._trainer
        while trainer.updates < updates:
            trainer.advance(updates - trainer.updates)
        assert trainer.updates == updates
        return fingerprint(trainer.model.state_dict()).sha256


def examine(folder: RunFolder, before: int, reference: Reference) -> int:
    """How far the run is, by what was saved last; raises if anything is not as it should be."""
    for path in folder.checkpoints():
        assert find(path).saved, "an older one was harmed"
    saved = newest(folder).saved
    at = saved.checkpoint.at.updates
    assert at >= before, f"it fell back from update {before} to {at}"
    assert fingerprint(saved.checkpoint.weights).sha256 == reference.weights_at(at)
    _, lines = journal.read(folder.journal)
    assert [line.n for line in lines if line.what != "weights"] == [*range(1, lines[-1].n + 1)]
    assert lines[-1].n >= saved.checkpoint.line
    return at


def kill_once(runs: Path, chance: random.Random) -> None:
    """One life: it ends while the run is being loaded, or some time after."""
    end, born = os.pipe()
    child = os.fork()
    if not child:
        os.close(end)
        live(runs, born)
    os.close(born)
    if chance.random() > UNBORN:
        assert os.read(end, 1), "it did not begin"
    time.sleep(chance.uniform(SHORTEST, LONGEST))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(end)
    assert os.WIFSIGNALED(status), "it ended by itself"


def main(runs: Path, kills: int) -> None:
    torch.set_num_threads(1)
    settle_in()
    data, kernels = make_data(train=2000, test=200, side=28), Preparation()
    kernels.finish()
    DATA_SETS["mnist"] = data.spec
    core.data.load.load = lambda *_args, **_kwargs: data
    core.loading.Preparation = lambda: kernels  # type: ignore[assignment,misc]
    chance, reference = random.Random(5), Reference(data, kernels)
    at = saves = 0
    for _ in range(kills):
        kill_once(runs, chance)
        folder = the_run(runs)
        if folder:  # else it was killed before the first time
            now = examine(folder, at, reference)
            saves, at = saves + (now > at), now
    engine = engine_of(runs)
    engine.send(Advance(at + MORE - engine.snapshot.run.at.updates))  # type: ignore[union-attr]
    while not engine.at_rest:
        engine.turn()
    engine.close()
    assert engine.snapshot.run
    assert engine.snapshot.run.state is State.PAUSED
    folder = the_run(runs)
    assert folder
    assert examine(folder, at + MORE, reference) == at + MORE
    print(json.dumps({"kills": kills, "further": saves, "updates": at}))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    except UserError as fault:
        raise SystemExit(f"refused: {fault}") from fault
