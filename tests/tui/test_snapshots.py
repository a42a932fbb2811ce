"""Pictures of whole screens, held against those in __snapshots__, which somebody has looked at.

After a change that is meant to be seen, make them anew and look at each that differs:

    make test ARGS="--snapshot-update tests/tui/test_snapshots.py"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from core.snapshot import Event, Loading, RunView, Snapshot, State
from tests.tui.fake_engine import FakeEngine
from tests.tui.piloted import opened
from tests.tui.views import EVENTS, moment, run_view, snapshot
from tui.app import CockpitApp
from tui.display import Display

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
Compare = Callable[..., bool]


async def look(pilot: Pilot[None]) -> None:
    """Draw what the engine shows, and let it come to the screen."""
    (await opened(pilot)).pull()
    await pilot.pause()


def cockpit(shown: Snapshot | RunView, *, theme: str = "dark", ascii: bool = False) -> CockpitApp:
    engine = FakeEngine(snapshot(shown) if isinstance(shown, RunView) else shown)
    return CockpitApp(engine, Display(ascii=ascii, fps=1), theme=theme)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_cockpit(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    app = cockpit(run_view(), theme=theme)
    assert snap_compare(app, terminal_size=size, run_before=look)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_the_cockpit_without_colours(
    snap_compare: Compare, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(cockpit(run_view()), terminal_size=size, run_before=look)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_the_cockpit_in_seven_bits(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = cockpit(run_view(), ascii=True)
    assert snap_compare(app, terminal_size=size, run_before=look)


def test_loading(snap_compare: Compare) -> None:
    app = cockpit(Snapshot(1, Loading("reading MNIST", 0.7)))
    assert snap_compare(app, terminal_size=SIZES["80x24"], run_before=look)


def test_a_run_that_diverged(snap_compare: Compare) -> None:
    reason = "the loss of update 144,602 is not finite"
    run = run_view(
        State.DIVERGED,
        reason=f"{reason}; lower the learning rate",
        way_back=moment(120_000),
        events=(*EVENTS, Event(5, moment(144_601), "diverged", after=reason)),
    )
    assert snap_compare(cockpit(run), terminal_size=SIZES["120x40"], run_before=look)


def test_the_help(snap_compare: Compare) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        await look(pilot)
        await pilot.press("question_mark")
        await pilot.pause()

    app = cockpit(replace(run_view(), state=State.PAUSED))
    assert snap_compare(app, terminal_size=SIZES["120x40"], run_before=ask)
