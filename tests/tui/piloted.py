"""The whole app under Textual's pilot, fed by an engine that the test steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from core.commands import Command, ShowDigits, ShowInstruments
from core.snapshot import RunView, Snapshot
from tests.tui.fake_engine import FakeEngine
from tests.tui.views import run_view, snapshot
from tui.app import CockpitApp
from tui.display import Display
from tui.screens.cockpit import CockpitScreen


@dataclass
class Piloted:
    """What a test holds: the app, the pilot that presses its keys, the engine behind it."""

    app: CockpitApp
    pilot: Pilot[None]
    engine: FakeEngine

    @property
    def cockpit(self) -> CockpitScreen:
        return _cockpit(self.app)

    @property
    def text(self) -> str:
        """Every character that is on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def show(self, *runs: RunView, **changes: Any) -> None:
        """Publish something and let the screen look at it."""
        self.engine.publish(*runs, **changes)
        self.cockpit.pull()
        self.cockpit.draw()
        await self.pilot.pause()

    async def press(self, *keys: str) -> list[Command]:
        """Press keys; the commands that they sent, but for those about what is on show."""
        self.engine.sent.clear()
        self.engine.sent_to.clear()
        await self.pilot.press(*keys)
        await self.pilot.pause()
        on_show = ShowDigits | ShowInstruments
        return [each for each in self.engine.sent if not isinstance(each, on_show)]


def _cockpit(app: App[None]) -> CockpitScreen:
    _opening, screen, *_dialogs = app.screen_stack
    assert isinstance(screen, CockpitScreen)
    return screen


async def opened(pilot: Pilot[None]) -> CockpitScreen:
    """The cockpit, once it has taken the opening screen's place."""
    while len(pilot.app.screen_stack) < 2:
        await pilot.pause()
    await pilot.pause()
    return _cockpit(pilot.app)


@asynccontextmanager
async def piloted(
    run: RunView | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    shown: Snapshot | None = None,
    ascii: bool = False,
    **options: Any,
) -> AsyncIterator[Piloted]:
    """The app showing `run`, or the snapshot `shown`. Its timer is too slow to be in the way."""
    engine = FakeEngine(shown or snapshot(run or run_view()))
    app = CockpitApp(engine, Display(ascii=ascii, fps=1), **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(pilot)
        on = Piloted(app, pilot, engine)
        on.cockpit.pull()
        await pilot.pause()
        yield on
