"""Each layer has a line, with a bar on which the healthy range is marked; remarks stand below."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import ShowInstruments
from core.figures import Instrument
from core.measuring.remarks import RULES
from core.snapshot import RunView, State
from tests.tui.instruments import TOO_FAST, layers, many, measured
from tests.tui.piloted import piloted
from tests.tui.stage import Stage
from tests.tui.views import run_view
from tui.display import Display
from tui.explain import explain
from tui.glossary import REMARKS
from tui.widgets.layers import LayersPanel
from tui.widgets.log_bar import log_bar


async def shown(
    run: RunView, size: tuple[int, int] = (36, 14), *keys: str, ascii: bool = False
) -> str:
    panel = LayersPanel(Display(ascii=ascii))
    stage = Stage(panel, ascii=ascii)
    async with stage.run_test(size=size) as pilot:
        panel.focus()
        panel.show(run)
        await pilot.press(*keys)
        await pilot.pause()
        return stage.text


def words(text: str, place: int) -> list[str]:
    """The words of a layer's line."""
    return text.splitlines()[2 + place].strip("│|").split()


async def test_each_layer_has_a_line_with_its_figures() -> None:
    text = await shown(measured(), (34, 14))
    assert words(text, 0)[:3] == ["conv1", "0.019", "1.2e-3"]
    assert words(text, 3)[:3] == ["fc2", "0.033", "5.1e-6"]
    assert words(text, 3)[-1] == "23%"
    assert "%" not in "".join(words(text, 4))


async def test_a_ratio_out_of_range_has_another_sign_than_a_healthy_one() -> None:
    text = await shown(measured(), (80, 14))
    assert "▒" not in "".join(words(text, 0))
    assert {"█", "▒"} <= set(words(text, 2)[-2])
    assert "".join(words(text, 3)).split("5.1e-6")[1].startswith("▒▒")


async def test_a_wide_panel_has_bars_for_gradients_too() -> None:
    line = (await shown(measured(), (100, 14))).splitlines()[4]
    assert line.count("█") > (await shown(measured(), (60, 14))).splitlines()[4].count("█")


async def test_remarks_stand_at_the_foot() -> None:
    text = await shown(measured(remarks=(TOO_FAST,)), (80, 14))
    assert f"! {TOO_FAST.text}" in text
    assert "gradient: the length" not in text


async def test_without_remarks_the_columns_are_explained() -> None:
    assert "gradient: the length" in await shown(measured(), (80, 14))


async def test_remarks_leave_room_for_some_layers() -> None:
    text = await shown(measured(remarks=(TOO_FAST,) * 5), (36, 9))
    assert all(name in text for name in ("conv1", "conv2", "fc1"))


async def test_more_layers_than_lines_can_be_scrolled() -> None:
    run = measured(layers=many(30))
    top = await shown(run, (60, 10))
    assert "block.0" in top
    assert "1 to 7 of 30" in top
    lower = await shown(run, (60, 10), "down", "down")
    assert "block.1 " not in lower
    assert "3 to 9 of 30" in lower
    assert "24 to 30 of 30" in await shown(run, (60, 10), *["down"] * 40)


async def test_the_border_says_of_when_and_what_it_cost() -> None:
    last = (await shown(measured(), (60, 12))).splitlines()[-1]
    assert "update 144,000, 512 examples, 9.20 ms off the clock" in last
    assert "update 144,000" in (await shown(measured(), (34, 12))).splitlines()[-1]


async def test_before_anything_is_measured_it_says_so() -> None:
    assert "measured between two updates" in await shown(run_view())
    failed = run_view(troubles={Instrument.LAYERS: "ValueError: not like this"})
    assert "not measured: ValueError: not" in await shown(failed)


async def test_ascii_is_seven_bits() -> None:
    text = await shown(measured(remarks=(TOO_FAST,)), (60, 14), ascii=True)
    assert text.isascii()
    assert "!!" in text


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = LayersPanel(Display())
    stage = Stage(panel)
    async with stage.run_test(size=size) as pilot:
        panel.show(measured(layers=many(90), remarks=(TOO_FAST,)))
        await pilot.resize_terminal(80, 14)
        await pilot.pause()
        assert "block.0" in stage.text


@given(
    st.none() | st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 80),
    st.booleans(),
)
def test_a_bar_has_its_width_whatever_the_value(
    value: float | None, width: int, ascii: bool
) -> None:
    bar = log_bar(value, width, (1e-6, 1), (1e-4, 1e-2), display=Display(ascii=ascii), dark=True)
    assert len(bar.plain) == width


def test_a_longer_bar_is_a_larger_value() -> None:
    def length(value: float) -> int:
        bar = log_bar(value, 60, (1e-6, 1), (1e-5, 0.03), display=Display(), dark=True).plain
        return sum(bar.count(sign) for sign in "█▒")

    assert [length(v) for v in (1e-7, 1e-6, 1e-3, 0.03, 1.0, 10.0)] == [0, 1, 30, 45, 60, 60]


# The remarks elsewhere


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.READY])
def test_what_you_see_says_the_remarks(state: State) -> None:
    said = " ".join(explain(run_view(state, remarks=(TOO_FAST,))))
    assert "Update ratio of fc1 is 0.2: the learning rate is probably too high." in said


def test_the_help_has_every_rule_with_its_source() -> None:
    assert [name for name, _ in REMARKS] == [rule.name for rule in RULES]
    for (_, text), rule in zip(REMARKS, RULES, strict=True):
        assert rule.source in text
        assert rule.advice in text


# What is measured


async def test_only_what_is_in_view_is_asked_for() -> None:
    async with piloted(measured(), size=(120, 40)) as on:
        asked = [each for each in on.engine.sent if isinstance(each, ShowInstruments)]
        assert asked == [ShowInstruments(frozenset({Instrument.LAYERS}))]  # for what is remarked
        fronts = []
        for _ in range(6):
            on.engine.sent.clear()
            await on.pilot.press("v")
            await on.pilot.pause()
            fronts += [each.shown for each in on.engine.sent if isinstance(each, ShowInstruments)]
        assert [set(shown) for shown in fronts] == [
            set(),
            {Instrument.LAYERS},
            {Instrument.WEIGHTS},
            {Instrument.CONFUSION},
            set(),
            {Instrument.LAYERS},
        ]


async def test_on_the_cockpit_the_layers_stand_where_the_explanation_did() -> None:
    async with piloted(measured(layers=layers()), size=(120, 40)) as on:
        await on.press("v", "v")
        assert "╭─ Layers" in on.text
        assert "conv1" in on.text
