"""Where a run's ways back lead, what they are called, and what then lies on its path."""

from __future__ import annotations

import pytest

from core.commands import Advance, Change, GoBack, LookBack, Redo, Reset, Return, Undo
from core.data import load as loading
from core.data.dataset import Dataset
from core.engine import Engine
from core.snapshot import MomentKind, RunView, State
from tests.core.conftest import same_bits
from tests.core.fleets import asked, engine_of, weights


@pytest.fixture(autouse=True)
def small_problem(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.setattr(loading, "load", lambda _name, **_: data)


def after(engine: Engine, *commands: object) -> RunView:
    run = asked(engine, *commands).run
    assert run is not None
    return run


def kept(run: RunView, kind: MomentKind) -> int:
    """The id of the latest moment of this kind."""
    return [each.id for each in run.timeline.moments if each.kind is kind][-1]


def on_path(run: RunView) -> list[int]:
    """After how many updates the moments were kept that the run came by."""
    return [each.at.updates for each in run.timeline.moments if each.on_path]


def undo_of(run: RunView) -> tuple[str, int]:
    assert run.timeline.undo is not None
    return run.timeline.undo.what, run.timeline.undo.at.updates


def test_what_would_be_taken_back_and_done_again_is_what_was_done() -> None:
    engine = engine_of(batch_size=8)
    assert undo_of(after(engine, Advance(5), Change("lr", 0.1)))[0] == "learning rate 0.01 → 0.1"
    undone = after(engine, Undo())
    assert undone.timeline.undo is None
    assert undone.timeline.redo
    assert undone.timeline.redo.what == "learning rate 0.01 → 0.1"
    # It stands where the learning rate was changed; that is not what would be taken back.
    beginning = kept(undone, MomentKind.BEGINNING)
    assert undo_of(after(engine, Return(beginning))) == ("the return to update 0", 5)
    assert undo_of(after(engine, Advance(2), Reset())) == ("the new beginning", 2)


def test_what_was_gone_to_again_and_again_is_taken_back_step_by_step() -> None:
    engine = engine_of(batch_size=8)
    run = after(engine, Advance(3), Change("lr", 0.02), Advance(3))
    beginning, change = (kept(run, kind) for kind in (MomentKind.BEGINNING, MomentKind.CHANGE))
    after(engine, Return(beginning), Return(change), Return(beginning), Return(change))
    stood = [after(engine, Undo()).at.updates for _ in range(5)]
    assert stood == [0, 3, 0, 6, 3]
    again = [after(engine, Redo()).at.updates for _ in range(5)]
    assert again == [6, 0, 3, 0, 3]


@pytest.mark.parametrize("memory", [0.0, 0.5, 1.0])
def test_however_little_memory_there_is_whoever_goes_somewhere_arrives(memory: float) -> None:
    engine = engine_of(batch_size=8, snapshot_memory=memory)
    after(engine, Advance(5), Change("lr", 0.05))
    for _ in range(3):
        run = after(engine, Advance(4))
        assert run.timeline.moments
        run = after(engine, Return(run.timeline.moments[0].id), Advance(2), Undo())
        assert not engine.snapshot.error
    run = after(engine, Change("lr", 0.01), Advance(3), Undo())
    assert run.config.learning_rate == 0.05
    assert engine.snapshot.notice is None


def test_a_run_that_begins_anew_has_left_all_behind() -> None:
    engine = engine_of(batch_size=8)
    run = after(engine, Advance(5), Change("lr", 0.05), Advance(5), Reset(), Advance(2))
    assert on_path(run) == [0]
    assert on_path(after(engine, Undo())) == [0, 5, 10]


def test_a_run_that_went_back_to_its_last_good_moment_has_left_the_rest_behind() -> None:
    engine = engine_of(batch_size=8, momentum=0.99)
    run = after(engine, Advance(40), Change("lr", 1000), Advance(400))
    assert run.state is State.DIVERGED
    assert run.way_back
    gone = after(engine, GoBack())
    assert gone.at == run.way_back
    assert max(on_path(gone)) <= run.way_back.updates
    assert undo_of(gone)[0] == f"the return to update {run.way_back.updates}"


def test_a_moment_that_is_looked_at_stands_still_and_has_the_settings_and_rates_of_then() -> None:
    engine = engine_of(batch_size=8, lr=0.02, schedule="step", decay=0.5)
    run = after(engine, Advance(15), Change("strategy", "batch"), Change("lr", 0.5), Advance(3))
    first_change = next(e.id for e in run.timeline.moments if e.kind is MomentKind.CHANGE)
    before = [each.clone() for each in weights(engine, "run 1")]
    now = after(engine, LookBack(first_change))
    then = now.then
    assert then
    assert (then.state, then.updates_per_second) == (State.PAUSED, 0.0)
    assert then.examples_per_update == 8
    assert then.learning_rate == 0.01  # halved after the first epoch
    assert same_bits(weights(engine, "run 1"), before)
    assert after(engine, LookBack(None)).then is None
