"""What saving costs: `python -m tui.bench.saving ROUNDS` trains with it and without, by turns."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from core.commands import Start
from core.config import configure
from core.engine import Engine
from core.saving.plan import DEFAULT_SECONDS, Plan
from tui.bench.effort import Effort
from tui.bench.process import MissingError, Place
from tui.bench.results import Figure, Target
from tui.format import plural

COST = "cost of saving a SimpleNet run"
_TURN_SECONDS = 0.25
_HOW = f"with gd-tui's own defaults, a save every {DEFAULT_SECONDS:g} s"


def figures(place: Place, effort: Effort) -> list[Figure]:
    """How much longer an update takes with saving, in %, and how fast the journal grows."""
    command = (sys.executable, "-m", __name__, str(effort.saving_rounds))
    done = subprocess.run(
        command, env=place.env, cwd=place.folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingError("not measured: training with saving failed")
    told = json.loads(done.stdout.splitlines()[-1])
    rounds = plural(effort.saving_rounds, "round")
    how = (
        f"wall time per update with saving over that without, {_HOW}: two runs of one process by "
        f"turns of {_TURN_SECONDS:g} s, the median of {rounds} of one save each"
    )
    cost = (median(told["ratios"]) - 1) * 100
    size = f"all that was added to journal.jsonl while it trained, {_HOW}"
    return [
        Figure(COST, cost, "%", how, Target(1.0, at_most=True)),
        Figure("growth of the journal", told["growth"], "kB/min", size, Target(50, at_most=True)),
    ]


class Stopwatch:
    """A clock that goes on only during turns: that of an engine that has the machine to itself."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = None

    def __call__(self) -> float:
        return self._before + (time.perf_counter() - self._since if self._since else 0.0)

    def go(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        self._before, self._since = self(), None


class Side:
    """A run that trains in turns, with saving or without."""

    def __init__(self, saving: Plan | None) -> None:
        self.clock = Stopwatch()
        self.engine = Engine(configure({}), saving=saving)
        self.engine._clock = self.clock
        self.engine.load()
        self.engine.send(Start())

    @property
    def updates(self) -> int:
        """The worker's own count: snapshots come too seldom."""
        arena = self.engine._arena
        return arena.fleet.selected.trainer.updates if arena else 0

    def train(self, until: float) -> None:
        """Take a turn that ends at a time of the own clock; whatever is to be written, too."""
        self.clock.go()
        while self.clock() < until:
            self.engine.turn()
        if self.engine._keeper is not None:
            self.engine._keeper.flush()
        self.clock.stop()

    def close(self) -> None:
        self.engine.close()


def measure(rounds: int, folder: Path, seconds: float = DEFAULT_SECONDS) -> dict[str, object]:
    """The ratio of each round, and the journal's growth in kB per minute."""
    sides = Side(Plan(folder, seconds)), Side(None)
    _turns(sides, _TURN_SECONDS * 4)  # what is done once is done by then
    ratios, size, began = [], _journal_size(folder), sides[0].clock()
    for _ in range(rounds):
        before = [(side.clock(), side.updates) for side in sides]
        _turns(sides, seconds)
        costs = [
            (side.clock() - then) / max(1, side.updates - made)
            for side, (then, made) in zip(sides, before, strict=True)
        ]
        ratios.append(costs[0] / costs[1])
    minutes = (sides[0].clock() - began) / 60
    growth = (_journal_size(folder) - size) / 1000 / minutes
    for side in sides:
        side.close()
    return {"ratios": ratios, "growth": growth}


def _turns(sides: Sequence[Side], seconds: float) -> None:
    """Let each train for so long, by turns; who begins, changes."""
    turns = round(seconds / _TURN_SECONDS)
    for turn in range(turns):
        for side in sides if turn % 2 else reversed(sides):
            side.train(side.clock() + seconds / turns)


def _journal_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*/journal.jsonl"))


def main() -> None:
    from core.threads import settle_in

    settle_in()
    with tempfile.TemporaryDirectory(prefix="gd-tui-bench-") as folder:
        print(json.dumps(measure(int(sys.argv[1]), Path(folder) / "runs")))


if __name__ == "__main__":
    main()
