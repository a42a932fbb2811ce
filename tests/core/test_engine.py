"""The worker thread: it loads, listens, publishes, and rests."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.commands import Advance, Change, Fork, Hold, Pause, Release, ShowDigits, Start
from core.config import configure
from core.data import load as loading
from core.data.dataset import Dataset
from core.engine import Engine
from core.errors import UserError
from core.saving.plan import Plan
from core.snapshot import RunView, Snapshot, State


@pytest.fixture(autouse=True)
def small_problem(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.setattr(loading, "load", lambda _name, **_: data)


@pytest.fixture
def engine() -> Engine:
    """An engine whose worker is the test itself, loaded and at rest."""
    engine = Engine(configure({"eval_every": "epoch"}))
    engine.load()
    rest(engine)
    return engine


@pytest.fixture
def threaded() -> Iterator[Engine]:
    engine = Engine(configure({}))
    engine.start()
    yield engine
    engine.stop()


def rest(engine: Engine) -> RunView:
    """Turn until there is nothing left to do."""
    for _ in range(100_000):
        engine.turn()
        if engine.at_rest:
            assert engine.snapshot.run is not None
            return engine.snapshot.run
    raise AssertionError("it does not come to rest")


def wait_for(engine: Engine, seen: Any) -> Snapshot:
    """The first snapshot of which `seen` is true; each wait ends with a publication."""
    snapshot = engine.snapshot
    for _ in range(10_000):
        if seen(snapshot):
            return snapshot
        newer = engine.wait(snapshot.revision, timeout=20)
        assert newer.revision > snapshot.revision, f"nothing new after {snapshot}"
        snapshot = newer
    raise AssertionError("never seen")


def test_loaded_it_shows_a_run_that_is_ready(engine: Engine) -> None:
    run = engine.snapshot.run
    assert run is not None
    assert run.state is State.READY
    assert run.model_title == "SimpleNet 36-128-10"
    assert (run.device, run.stepper) == ("cpu", "fused")
    assert run.evaluation is not None
    assert engine.snapshot.loading is None


def test_what_is_held_does_nothing_and_goes_on_to_its_goal_once_released(engine: Engine) -> None:
    engine.send(Advance(300))
    engine.turn()
    engine.send(Hold())
    held = rest(engine)
    assert engine.snapshot.held
    assert held.state is State.RUNNING
    assert held.at.updates < 300
    engine.turn()
    assert engine.snapshot.run is not None
    assert engine.snapshot.run.at == held.at
    engine.send(Release())
    done = rest(engine)
    assert (done.state, done.at.updates) == (State.PAUSED, 300)


def test_a_paused_engine_publishes_nothing_and_still_listens(engine: Engine) -> None:
    engine.send(Advance(3))
    rest(engine)
    revision = engine.snapshot.revision
    for _ in range(5):
        engine.turn()
    assert engine.snapshot.revision == revision
    engine.send(Change("lr", 0.5))
    engine.turn()
    run = engine.snapshot.run
    assert run is not None
    assert run.learning_rate == 0.5
    assert run.events[-1].text == "learning rate 0.01 → 0.5"


def test_snapshots_that_were_published_do_not_change(engine: Engine) -> None:
    engine.send(Advance(20))
    before = rest(engine)
    recent, revision = before.recent.copy(), before.history.revision
    losses = {clock: curve.mean.copy() for clock, curve in before.history.train_loss.items()}
    engine.send(Advance(500))
    after = rest(engine)
    assert after.at.updates == 520
    assert (before.recent == recent).all()
    assert before.history.revision == revision != after.history.revision
    assert all((before.history.train_loss[c].mean == loss).all() for c, loss in losses.items())


def test_a_refused_command_is_answered_with_a_notice_and_nothing_else(engine: Engine) -> None:
    for number in (1, 2):
        engine.send(Change("lr", "fast"))
        engine.turn()
        notice = engine.snapshot.notice
        assert notice is not None
        assert notice.number == number
        assert "learning rate: 'fast' is not allowed" in notice.text


def test_digits_on_show_are_asked_anew_after_every_change_of_the_weights(engine: Engine) -> None:
    engine.send(ShowDigits(5))
    digits = rest(engine).digits
    assert digits is not None
    assert len(digits.indices) == len(digits.labels) == 5
    assert digits.images.shape == (5, 6, 6)
    assert digits.probabilities.shape == (5, 10)
    assert digits.probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    engine.send(Advance(50))
    later = rest(engine).digits
    assert later is not None
    assert later.indices == digits.indices
    assert later.images is digits.images
    assert (later.probabilities != digits.probabilities).any()


def test_only_wrong_digits_are_those_the_latest_evaluation_judged_wrong(
    engine: Engine, data: Dataset
) -> None:
    engine.send(Advance(97))
    rest(engine)
    engine.send(ShowDigits(1000, only_wrong=True))
    run = rest(engine)
    assert run.digits is not None
    assert run.evaluation is not None
    wrong = round((1 - run.evaluation.accuracy) * len(data.test.targets))
    assert len(run.digits.indices) == wrong
    said = run.digits.probabilities.argmax(1)
    assert all(a != b for a, b in zip(said, run.digits.labels, strict=True))


def test_an_error_while_looking_pauses_the_run_and_the_engine_lives_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.send(ShowDigits(3))
    rest(engine)
    with monkeypatch.context() as broken:
        broken.setattr("core.looking.Showcase.ask", lambda *_: 1 / 0)
        engine.send(Advance(3))
        run = rest(engine)
    assert run.state is State.FAILED
    assert run.reason.endswith(": ZeroDivisionError: division by zero")
    engine.send(Advance(2))
    assert rest(engine).at.updates == 5


def test_loading_says_ever_larger_shares(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    def slow_load(_name: str, *, progress: Callable[[str, float], None], **_: object) -> Dataset:
        for share in (0.0, 0.5, 1.0):
            progress("reading", share)
        return data

    monkeypatch.setattr(loading, "load", slow_load)
    engine = Engine(configure({}))
    shares = []
    publish = engine._publish

    def watched(snapshot: Snapshot) -> None:
        shares.append(snapshot.loading.share if snapshot.loading else 1.0)
        publish(snapshot)

    engine._publish = watched  # type: ignore[method-assign]
    engine.load()
    assert shares == sorted(shares)
    assert len(shares) >= 5


def test_an_error_while_obeying_pauses_the_run_and_the_engine_lives_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("core.run.Switchboard.change", lambda *_: 1 / 0)
        engine.send(Change("lr", 0.5))
        engine.turn()
    run = engine.snapshot.run
    assert run is not None
    assert run.state is State.FAILED
    assert run.reason.endswith(": ZeroDivisionError: division by zero")
    engine.send(Advance(2))
    assert rest(engine).at.updates == 2


@pytest.mark.parametrize("fault", [UserError("the file is damaged"), RuntimeError("what?")])
def test_a_failure_to_load_is_shown_and_not_raised(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def refuse(_name: str, **_: object) -> Dataset:
        raise fault

    monkeypatch.setattr(loading, "load", refuse)
    engine = Engine(configure({}))
    engine.load()
    assert engine.snapshot.fault is fault
    assert str(fault) in engine.snapshot.error
    assert engine.snapshot.run is None
    assert engine.turn()


def test_a_device_that_is_not_there_is_named_with_those_that_are() -> None:
    engine = Engine(configure({"device": "mps"}))
    engine.load()
    assert "device: mps is not available here" in engine.snapshot.error
    assert engine.snapshot.error.endswith("cpu")


def test_the_thread_loads_trains_pauses_and_ends(threaded: Engine) -> None:
    threaded.send(Start())
    wait_for(threaded, lambda s: s.run and s.run.at.updates > 100)
    threaded.send(Pause())
    paused = wait_for(threaded, lambda s: s.run and s.run.state is State.PAUSED)
    assert paused.run is not None
    threaded.send(Advance(7))
    updates = paused.run.at.updates + 7
    wait_for(threaded, lambda s: s.run.at.updates == updates and s.run.state is State.PAUSED)
    threaded.stop()
    assert threaded._thread is not None
    assert not threaded._thread.is_alive()


def test_every_command_sent_before_loading_is_obeyed_after_it() -> None:
    engine = Engine(configure({}))
    engine.send(Change("lr", 0.25))
    engine.send(Advance(2))
    engine.load()
    run = rest(engine)
    assert (run.at.updates, run.learning_rate) == (2, 0.25)


def test_an_engine_that_nobody_holds_is_gone_at_once_with_all_its_runs(tmp_path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        engine = Engine(configure({}), saving=Plan(tmp_path))
        engine.load()
        for command in (Advance(5), Change("lr", 0.1), Advance(5), Fork(), Advance(5)):
            engine.send(command)
            while not engine.at_rest:
                engine.turn()
        engine.close()
        assert engine._arena is not None
        run = weakref.ref(engine._arena.fleet.selected)
        del engine
        assert run() is None
    finally:
        gc.enable()
