"""The learning-rate finder on the screen: what it shows while and after it looks, what it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.commands import Change, Command, FindRate, StopFinding
from core.config import configure
from core.finding import Ended, Finding
from core.snapshot import Notice
from tests.tui.lanes import lanes as several_runs
from tests.tui.piloted import Piloted, piloted
from tests.tui.views import run_view, snapshot
from tui.screens.finder import FinderDialog
from tui.widgets.rate_chart import taken

RUN = run_view(config=configure({"lr": 0.02}))
RATES = np.geomspace(1e-5, 10, 100)
SIZES = [(80, 24), (120, 40), (200, 60)]


def finding(points: int = 80, **changes: object) -> Finding:
    """A loss that falls around 0.01 and diverges at the last of so many rates."""
    rates = RATES[:points]
    smoothed = 0.4 + 2 / (1 + (rates / 0.01) ** 2) + (rates / RATES[70]) ** 4
    losses = smoothed * (1 + 0.02 * np.random.default_rng(0).standard_normal(points))
    best = min(60, points - 1)
    found = Finding(
        low=RATES[0],
        high=RATES[-1],
        rates=tuple(rates.tolist()),
        losses=tuple(losses.tolist()),
        smoothed=tuple(smoothed.tolist()),
        suggestion=rates[best].item(),
        updates=20_481,
        examples=20_481,
        seconds=0.413,
        progress=0.8,
        ended_by=Ended.DIVERGED,
        reached=float(rates[-1]),
    )
    return replace(found, **changes)  # type: ignore[arg-type]


HALFWAY = finding(50, suggestion=None, ended_by=Ended.NOT_YET, progress=0.5)
NONE = finding(suggestion=None)
AT_ONCE = Finding(RATES[0], RATES[-1], ended_by=Ended.DIVERGED, reached=1e-5, updates=1, examples=1)
FAULT = finding(30, suggestion=None, ended_by=Ended.FAULT, trouble="net.py, line 9: ValueError: no")


async def show(on: Piloted, found: Finding | None) -> None:
    on.engine.publish(replace(on.engine.snapshot.runs[0], finding=found))
    dialog(on).pull()
    await on.pilot.pause()


def dialog(on: Piloted) -> FinderDialog:
    screen = on.app.screen
    assert isinstance(screen, FinderDialog)
    return screen


async def opened(on: Piloted, found: Finding | None = None) -> list[Command]:
    """What was sent when the finder was opened; it shows what was found."""
    sent = await on.press("l")
    await show(on, found)
    return sent


@pytest.mark.parametrize("size", SIZES)
async def test_l_asks_for_a_rate_and_enter_takes_the_one_suggested(size: tuple[int, int]) -> None:
    async with piloted(RUN, size=size) as on:
        assert await opened(on, finding()) == [FindRate()]
        assert "◆ 0.043" in on.text
        assert "now 0.02" in on.text
        assert "20,481 updates, 20,481 examples, 413 ms, on a copy" in on.text
        assert "falls fastest at 0.043, is lowest at 0.066" in on.text
        assert "diverges at 0.61" in on.text
        assert "enter takes 0.043" in on.text
        assert await on.press("enter") == [StopFinding(), Change("lr", 0.043)]
        assert on.app.screen is on.cockpit


async def test_escape_leaves_all_as_it_was() -> None:
    async with piloted(RUN) as on:
        await opened(on, finding())
        assert "escape leaves 0.02" in on.text
        assert await on.press("escape") == [StopFinding()]
        assert on.app.screen is on.cockpit


@pytest.mark.parametrize(
    ("keys", "point"), [(["left"], 59), (["right"] * 3, 63), (["right"] * 22, 79)]
)
async def test_the_arrows_move_the_value_along_the_curve(keys: list[str], point: int) -> None:
    async with piloted(RUN) as on:
        await opened(on, finding())
        await on.press(*keys)
        rate = taken(finding(), point)
        assert f"enter takes {rate:.2g}" in on.text
        assert await on.press("enter") == [StopFinding(), Change("lr", rate)]


@pytest.mark.parametrize("size", SIZES)
async def test_while_it_looks_it_says_how_far_it_is_and_takes_nothing(
    size: tuple[int, int],
) -> None:
    async with piloted(RUN, size=size) as on:
        await opened(on)
        assert "learning rate: a range test on a copy of run 1" in on.text
        await show(on, HALFWAY)
        assert "trying 0.0093, on the way from 1e-5 to 10; the run rests meanwhile" in on.text
        assert " 50 %" in on.text
        assert await on.press("enter", "left", "right") == []
        assert dialog(on).is_current
        assert await on.press("escape") == [StopFinding()]


async def test_a_curve_without_a_suggestion_says_so_and_lets_one_choose() -> None:
    async with piloted(RUN) as on:
        await opened(on, NONE)
        assert "the loss falls nowhere, but for chance, and diverges at 0.61" in on.text
        assert "enter takes" not in on.text
        assert await on.press("enter") == []
        await on.press("right")
        assert "enter takes 0.019 " in on.text  # the point nearest to the present rate
        await on.press("right")
        assert "enter takes 0.022" in on.text


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (AT_ONCE, "the loss is not finite already at 1e-5: no rate is suggested"),
        (FAULT, "it ended at 0.00057: net.py, line 9: ValueError: no"),
        (finding(ended_by=Ended.HIGHEST, reached=10.0), "is lowest at 0.066, is finite up to 10"),
    ],
)
async def test_every_end_is_told(found: Finding, said: str) -> None:
    async with piloted(RUN) as on:
        await opened(on, found)
        assert said in on.text
        assert await on.press("escape") == [StopFinding()]


async def test_where_the_engine_refuses_the_cockpit_says_why() -> None:
    async with piloted(RUN) as on:
        await on.press("l")
        on.engine.publish(notice=Notice(1, "run 1 races, and the others would wait for it"))
        dialog(on).pull()
        await on.pilot.pause()
        assert on.app.screen is on.cockpit
        assert "run 1 races" in on.text
        assert on.engine.sent == [FindRate()]


async def test_it_is_for_the_selected_run() -> None:
    runs = several_runs()
    async with piloted(shown=snapshot(runs=runs, selected=1)) as on:
        await on.press("l")
        assert f"a copy of {runs[1].name}" in on.text
        on.engine.publish(runs[0], replace(runs[1], finding=finding()), *runs[2:])
        dialog(on).pull()
        await on.press("enter")
        assert on.engine.sent == [StopFinding(), Change("lr", 0.043)]
        assert on.engine.sent_to == [1, 1]


@pytest.mark.parametrize("size", [(60, 16), *SIZES])
@pytest.mark.parametrize("found", [finding(), HALFWAY, NONE, AT_ONCE, FAULT])
async def test_it_can_be_told_in_seven_bits(size: tuple[int, int], found: Finding) -> None:
    async with piloted(RUN, size=size, ascii=True) as on:
        await opened(on, found)
        assert dialog(on).chart.text.isascii()
        assert dialog(on).said.text.isascii()


async def test_signs_tell_the_rates_apart_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with piloted(RUN) as on:
        await opened(on, finding())
        assert "now 0.02 |" in on.text
        assert "◆ 0.043" in on.text


async def test_what_has_diverged_does_not_press_the_curve_flat() -> None:
    async with piloted(RUN) as on:
        await opened(on, finding(100))
        drawn = dialog(on).chart.text.splitlines()
        labels = [line.split("┤")[0].strip() for line in drawn if "┤" in line]
        assert 2.5 <= float(labels[0]) <= 3
