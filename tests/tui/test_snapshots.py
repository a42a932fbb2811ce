"""Pictures of whole screens, held against those in __snapshots__, which somebody has looked at.

After a change that is meant to be seen, make them anew and look at each that differs:

    make test ARGS="--snapshot-update tests/tui/test_snapshots.py"
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from core.snapshot import Curve, Event, Loading, RunView, Saving, Snapshot, State
from tests.tui.fake_engine import FakeEngine
from tests.tui.lanes import lanes, race
from tests.tui.piloted import opened
from tests.tui.test_path_panel import curve, paths
from tests.tui.views import (
    EVENTS,
    IRIS,
    looking_back,
    moment,
    of_numbers,
    rows_of_a_table,
    run_view,
    snapshot,
    timeline,
)
from tui.app import CockpitApp
from tui.display import Display

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
Compare = Callable[..., bool]


async def look(pilot: Pilot[None]) -> None:
    """Draw what the engine shows, and let it come to the screen."""
    (await opened(pilot)).pull()
    await pilot.pause()


def after(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Look, then press these keys."""

    async def press(pilot: Pilot[None]) -> None:
        await look(pilot)
        await pilot.press(*keys)
        await pilot.pause()

    return press


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


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("ascii", [False, True], ids=["unicode", "ascii"])
def test_a_look_back(snap_compare: Compare, size: tuple[int, int], ascii: bool) -> None:
    run = looking_back(run_view(timeline=timeline(undo=9)), 8)
    app = cockpit(run, ascii=ascii)
    assert snap_compare(app, terminal_size=size, run_before=after("T"))


def test_a_run_that_cannot_be_saved(snap_compare: Compare) -> None:
    saving = Saving("/runs/a", "a", moment(140_000), "not saved: No space left on device")
    app = cockpit(run_view(saving=saving))
    assert snap_compare(app, terminal_size=SIZES["120x40"], run_before=look)


@pytest.mark.parametrize("ascii", [False, True], ids=["unicode", "ascii"])
def test_numbers_that_are_told(snap_compare: Compare, ascii: bool) -> None:
    app = cockpit(of_numbers(), ascii=ascii)
    assert snap_compare(app, terminal_size=SIZES["120x40"], run_before=look)


def test_rows_of_a_table(snap_compare: Compare) -> None:
    told = rows_of_a_table(30, wrong=frozenset({2, 5}))
    app = cockpit(run_view(data=IRIS, digits=told, training_examples=IRIS.train))
    assert snap_compare(app, terminal_size=SIZES["120x40"], run_before=look)


def test_the_help(snap_compare: Compare) -> None:
    app = cockpit(replace(run_view(), state=State.PAUSED))
    ask = after("question_mark")
    assert snap_compare(app, terminal_size=SIZES["120x40"], run_before=ask)


# Several runs


def falling(run: RunView, speed: float) -> RunView:
    """The run, its training loss falling so many times as fast."""

    def bent(loss: Curve) -> Curve:
        parts = {part: getattr(loss, part) for part in ("mean", "low", "high", "last")}
        return replace(loss, **{part: 2.3 * (each / 2.3) ** speed for part, each in parts.items()})

    losses = {clock: bent(loss) for clock, loss in run.history.train_loss.items()}
    return replace(run, history=replace(run.history, train_loss=losses))


RACERS = tuple(falling(run, speed) for run, speed in zip(lanes(), (0.1, 1.0, 0.6), strict=True))
RACE = snapshot(
    runs=RACERS,
    race=race(RACERS),
    paths=paths(curve(1.0, wiggle=0.0), curve(9.0, wiggle=0.6), curve(5.0, wiggle=0.2)),
)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_race(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(RACE), terminal_size=size, run_before=look)


def test_the_table_of_a_race_where_it_takes_turns(snap_compare: Compare) -> None:
    turn = after("v")
    assert snap_compare(cockpit(RACE), terminal_size=SIZES["80x24"], run_before=turn)


@pytest.mark.parametrize("size", [(60, 16), (80, 24)], ids=["60x16", "80x24"])
def test_the_question_before_a_race(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(run_view()), terminal_size=size, run_before=after("c"))
