"""Time travel through the screen, by the real engine: changed, taken back, looked back, gone to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import torch

from core.config import configure
from core.data import load as loading
from core.engine import Engine
from core.snapshot import Clock, MomentKind, RunView
from tests.core.conftest import make_data, same_bits
from tests.core.fleets import rested, weights
from tests.tui.piloted import Piloted, opened
from tui.app import CockpitApp
from tui.display import Display
from tui.widgets.timeline import TimelinePanel


class SteppedEngine(Engine):
    """The real engine, without its thread: the test is the worker."""

    def start(self) -> None:
        self.load()


@asynccontextmanager
async def cockpit(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Piloted]:
    monkeypatch.setattr(loading, "load", lambda _name, **_: make_data())
    engine = SteppedEngine(configure({"strategy": "mini-batch", "batch_size": 8, "lr": 0.02}))
    app = CockpitApp(engine, Display(fps=1))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        on = Piloted(app, pilot, engine)  # type: ignore[arg-type]
        await answered(on)
        yield on


async def answered(on: Piloted) -> RunView:
    """Let the engine do all it has to do, and draw it."""
    rested(on.engine)  # type: ignore[arg-type]
    on.cockpit.pull()
    await on.pilot.pause()
    run = on.engine.snapshot.run
    assert run is not None
    return run


async def after(on: Piloted, *keys: str) -> RunView:
    """The run once keys were pressed, and the engine has answered each."""
    for key in keys:
        await on.pilot.press(key)
        run = await answered(on)
    return run


async def train(on: Piloted, updates: int) -> RunView:
    await on.pilot.press("comma", *str(updates), "enter")
    return await answered(on)


def bits(on: Piloted) -> list[torch.Tensor]:
    run = on.engine.snapshot.run
    assert run is not None
    return weights(on.engine, run.name)  # type: ignore[arg-type]


async def test_a_change_is_taken_back_and_done_again_with_all_that_was_trained_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with cockpit(monkeypatch) as on:
        await train(on, 30)
        before = bits(on)
        await after(on, "+")
        changed = await train(on, 25)
        since = bits(on)
        undone = await after(on, "z")
        assert (undone.at.updates, undone.config.learning_rate) == (30, 0.02)
        assert same_bits(bits(on), before)
        redone = await after(on, "Z")
        assert (redone.at, redone.config) == (changed.at, changed.config)
        assert same_bits(bits(on), since)
        assert redone.timeline.redo is None


async def test_looking_back_changes_nothing_and_enter_and_f_lead_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with cockpit(monkeypatch) as on:
        await train(on, 30)
        before = bits(on)
        await after(on, "+")
        await train(on, 25)
        since = bits(on)
        panel = on.cockpit.query_one(TimelinePanel)
        await after(on, "T")
        run = await after(on, "down")
        while _kind(run) is not MomentKind.CHANGE:
            run = await after(on, "down")
        assert run.then
        assert run.then.at.updates == 30
        drawn = run.then.history.train_loss[Clock.UPDATES].x
        assert drawn.max() == 30 < run.history.train_loss[Clock.UPDATES].x.max()
        assert "as of update 30" in str(on.cockpit.loss.border_title)
        assert same_bits(bits(on), since)
        forked = await after(on, "f")
        assert (forked.at.updates, forked.parent) == (30, "run 1")
        assert same_bits(bits(on), before)
        parent = on.engine.snapshot.runs[0]
        assert (parent.at.updates, parent.glimpse) == (55, None)
        await after(on, "tab")
        await after(on, "T")
        while _kind(on.engine.snapshot.run) is not MomentKind.BEGINNING:
            await after(on, "down")
        gone = await after(on, "enter")
        assert (gone.at.updates, gone.glimpse, gone.config.learning_rate) == (0, None, 0.02)
        (chosen,) = (line for line in panel.lines.text.splitlines() if line.startswith("▸"))
        assert "now" in chosen
        back = await after(on, "z")
        assert back.at.updates == 55
        assert same_bits(bits(on), since)


async def test_the_screen_says_what_z_takes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(monkeypatch) as on:
        await train(on, 30)
        run = await after(on, "2")
        assert run.timeline.undo
        assert run.timeline.undo.what == "strategy mini-batch 8 → stochastic"
        assert "z undo" in on.text
        run = await after(on, "r")
        assert run.timeline.undo
        assert (run.timeline.undo.what, run.timeline.undo.at.updates) == ("the new beginning", 30)
        undone = await after(on, "z")
        assert (undone.at.updates, undone.config.strategy) == (30, "stochastic")


def _kind(run: RunView | None) -> MomentKind | None:
    assert run is not None
    kinds = {each.id: each.kind for each in run.timeline.moments}
    return kinds.get(run.glimpse) if run.glimpse is not None else None
