"""What saving costs, as the benchmark measures it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from core.saving import journal
from tests.core.saved import folders, small
from tui.bench import saving
from tui.bench.effort import NORMAL, QUICK
from tui.bench.process import MissingError, Place
from tui.bench.saving import Stopwatch, figures, measure

assert small


def test_a_stopwatch_stands_still_between_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [5.0]
    monkeypatch.setattr(saving.time, "perf_counter", lambda: now[0])
    watch = Stopwatch()
    told = [watch()]
    for step in (watch.go, watch.stop, watch.go):
        step()
        now[0] += 2.0
        told.append(watch())
    assert told == [0.0, 2.0, 2.0, 4.0]


@pytest.mark.usefixtures("small")
def test_a_run_is_trained_with_saving_and_without_by_turns(tmp_path: Path) -> None:
    told = measure(2, tmp_path, seconds=0.5)
    assert len(told["ratios"]) == 2  # type: ignore[arg-type]
    assert all(ratio > 0 for ratio in told["ratios"])  # type: ignore[attr-defined]
    assert told["growth"] > 0  # type: ignore[operator]
    (folder,) = folders(tmp_path)
    assert len(folder.checkpoints()) == 2
    assert journal.read(folder.journal)[1][-1].update > 0


def test_both_figures_stand_beside_their_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[-1] == str(NORMAL.saving_rounds)
        said = json.dumps({"ratios": [1.5, 1.004, 0.9], "growth": 60.0})
        return subprocess.CompletedProcess(command, 0, f"something else\n{said}\n", "")

    monkeypatch.setattr(saving.subprocess, "run", tell)
    cost, growth = figures(Place({}, Path()), NORMAL)
    assert cost.value == pytest.approx(0.4)
    assert (cost.unit, cost.met) == ("%", True)
    assert (growth.value, growth.unit, growth.met) == (60.0, "kB/min", False)
    assert 0 < QUICK.saving_rounds < NORMAL.saving_rounds


def test_a_failure_is_told_instead_of_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "")
    monkeypatch.setattr(saving.subprocess, "run", lambda *_a, **_k: failed)
    with pytest.raises(MissingError, match="not measured"):
        figures(Place({}, Path()), QUICK)
