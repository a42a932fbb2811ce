"""The measures of trembling stand side by side, each explained, and say what they cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.snapshot import NoiseScale, RunView, Steadiness
from tests.tui import lanes, views
from tests.tui.stage import Stage
from tui.company import Company
from tui.display import Display
from tui.widgets.trembling import TremblingPanel


async def shown(company: Company, size: tuple[int, int], ascii: bool = False) -> str:
    panel = TremblingPanel(Display(ascii=ascii))
    stage = Stage(panel, ascii=ascii)
    async with stage.run_test(size=size) as pilot:
        panel.show_company(company)
        await pilot.pause()
        return stage.text


def race(**changes: object) -> Company:
    """Batch, stochastic and mini-batch; stochastic, which is selected, with `changes`."""
    batch, stochastic, mini = lanes.lanes()
    return views.company(batch, replace(stochastic, **changes), mini, selected=1)  # type: ignore[arg-type]


def row(text: str, place: int) -> list[str]:
    """The words of the line of a run."""
    return text.splitlines()[2 + place].strip("│ ").split()


async def test_each_run_has_a_line_with_the_four_measures() -> None:
    text = await shown(race(), (80, 14))
    assert row(text, 0) == ["■", "batch", "0.000310", "1.00", "1.00", "154"]
    assert row(text, 1) == ["▸●", "stochastic", "0.382", "0.03", "3.42", "1,840"]


async def test_where_it_is_narrow_the_sign_stands_for_the_run() -> None:
    text = await shown(race(), (34, 14))
    assert row(text, 0) == ["■", "0.00031", "1.00", "1.00", "154"]
    assert "batch" not in text


@pytest.mark.parametrize("size", [(34, 14), (80, 14)])
async def test_every_measure_is_explained_where_there_is_room(size: tuple[int, int]) -> None:
    text = await shown(race(), size)
    for name in ("spread: how far", "cosine: 1", "detour: length over distance", ": examples"):
        assert name in text


async def test_where_there_is_less_room_no_explanation_is_broken_off() -> None:
    for height in range(6, 14):
        lines = (await shown(race(), (34, height))).splitlines()[5:-1]
        said = " ".join(line.strip("│ ") for line in lines).strip()
        assert said.endswith(
            ("", "from update to update", "turns back", "a random walk", "outweighs it")
        )
        assert said.count(": ") <= max(0, height - 6) // 2 + 1


@pytest.mark.parametrize(("updates", "walk"), [(16, "4"), (9, "3"), (10, "3.2")])
async def test_a_random_walk_makes_the_root_of_its_steps(updates: int, walk: str) -> None:
    steadiness = replace(lanes.lane(1, "stochastic").steadiness, updates=updates)  # type: ignore[type-var]
    text = await shown(race(steadiness=steadiness), (80, 14))
    assert f"distance of {updates} updates: 1 straight, {walk} a random walk" in text


async def test_what_was_not_measured_is_a_dash_and_is_not_told() -> None:
    text = await shown(race(trembling=None, steadiness=None, noise_scale=None), (80, 14))
    assert row(text, 1) == ["▸●", "stochastic", "-", "-", "-", "-"]
    assert "random walk" not in text
    assert "clock" not in text


async def test_a_gradient_that_is_lost_in_its_noise_is_said_to_be() -> None:
    lost = NoiseScale(None, views.moment(100), 0.03)
    text = await shown(race(noise_scale=lost), (80, 14))
    assert row(text, 1)[-1] == "lost"
    assert "lost, the gradient is smaller than its noise" in text


@pytest.mark.parametrize(
    ("examples", "said"), [(12.3, "12.3"), (99_400, "99,400"), (1_234_567, "1.23M")]
)
async def test_a_noise_scale_of_any_size_keeps_to_its_column(examples: float, said: str) -> None:
    scale = NoiseScale(examples, views.moment(100), 0.03)
    assert row(await shown(race(noise_scale=scale), (34, 14)), 1)[-1] == said


def measured() -> RunView:
    return replace(
        lanes.lane(1, "stochastic"),
        steadiness=Steadiness(0.03, 3.4, 16, views.moment(52_000), 0.0121),
        noise_scale=NoiseScale(1840.0, views.moment(51_000), 0.0308),
    )


@pytest.mark.parametrize(
    ("width", "cost"),
    [
        (34, "path 12.1 ms, noise 30.8 ms"),
        (80, "off the training clock: path 12.1 ms, noise 30.8 ms"),
        (
            110,
            "measured off the training clock: "
            "path 12.1 ms at update 52,000, noise 30.8 ms at update 51,000",
        ),
    ],
)
async def test_the_border_says_what_it_cost_to_measure_the_selected_run(
    width: int, cost: str
) -> None:
    last = (await shown(views.company(measured()), (width, 8))).splitlines()[-1]
    assert f"─ {cost} ─" in last


async def test_ascii_is_seven_bits() -> None:
    assert (await shown(race(), (60, 14), ascii=True)).isascii()


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = TremblingPanel(Display())
    stage = Stage(panel)
    async with stage.run_test(size=size) as pilot:
        panel.show_company(race())
        await pilot.resize_terminal(80, 14)
        await pilot.pause()
        assert "stochastic" in stage.text
