"""Each layer's weights are a histogram; the filters of the first layer are pictures."""

from __future__ import annotations

import numpy as np
import pytest

from core.figures import Histogram, Instrument, Weights
from core.snapshot import RunView
from tests.tui.instruments import filters, measured, weights
from tests.tui.stage import Stage
from tests.tui.views import moment, run_view
from tui.display import Display
from tui.widgets.gallery import gallery
from tui.widgets.half_blocks import Brush, Paint, Pictures
from tui.widgets.weights import WeightsPanel


async def shown(run: RunView, size: tuple[int, int] = (36, 12), ascii: bool = False) -> str:
    panel = WeightsPanel(Display(ascii=ascii))
    stage = Stage(panel, ascii=ascii)
    async with stage.run_test(size=size) as pilot:
        panel.show(run)
        await pilot.pause()
        return stage.text


async def test_each_layer_has_a_histogram_and_its_largest_weight() -> None:
    text = await shown(measured(weights=weights("fc1", "fc2")), (60, 4))
    first, second = text.splitlines()[1:3]
    assert "fc1" in first
    assert "±0.250" in first
    assert "±0.500" in second
    assert "█" in first


async def test_bars_are_as_high_as_there_are_weights() -> None:
    counts = np.repeat([0.0, 1.0, 2.0, 4.0, 8.0, 4.0, 2.0, 0.0], 8)
    told = Weights(moment(10), (Histogram("fc", 1.0, 0.1, counts),), None)
    line = (await shown(measured(weights=told), (26, 3))).splitlines()[1]
    assert line.split("fc ")[1][:8] == " ▁▂▄█▄▂ "


async def test_a_bin_without_weights_has_no_bar_but_one_weight_has() -> None:
    counts = np.zeros(64)
    counts[0], counts[40] = 1, 100_000
    told = Weights(moment(10), (Histogram("fc", 1.0, 0.1, counts),), None)
    line = (await shown(measured(weights=told), (90, 3))).splitlines()[1]
    bars = line.split("fc ")[1][:64]
    assert (bars[0], bars[40], bars.count(" ")) == ("▁", "█", 62)


async def test_more_layers_than_lines_are_counted() -> None:
    text = await shown(measured(weights=weights(*map(str, range(20)))), (60, 8))
    assert "and 15 more layers" in text


async def test_filters_stand_below_or_beside() -> None:
    narrow = (await shown(measured(), (36, 12))).splitlines()
    assert "▀" not in "".join(narrow[1:3])
    assert "▀▀▀▀▀▀" in "".join(narrow[3:-1])
    wide = (await shown(measured(), (100, 12))).splitlines()
    assert "▀▀▀" in wide[1]
    assert "fc1" in "".join(line.split("▀")[0] for line in wide)
    assert "filters of conv1, grey is 0; update 144,000" in wide[-1]


async def test_where_there_is_little_room_filters_are_left_out() -> None:
    text = await shown(measured(), (36, 5))
    assert "conv1" in text
    assert "▀" not in text


async def test_before_anything_is_measured_it_says_so() -> None:
    assert "measured between two updates" in await shown(run_view())
    failed = run_view(troubles={Instrument.WEIGHTS: "broken"})
    assert "not measured: broken" in await shown(failed)


async def test_without_colours_filters_can_be_made_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = await shown(measured(), (36, 14))
    assert "██████" in text.replace("▀", "█").replace("▄", "█")


async def test_ascii_is_seven_bits() -> None:
    assert (await shown(measured(), (60, 14), ascii=True)).isascii()


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = WeightsPanel(Display())
    stage = Stage(panel)
    async with stage.run_test(size=size) as pilot:
        panel.show(measured())
        await pilot.resize_terminal(80, 14)
        await pilot.pause()
        assert "conv1" in stage.text


@pytest.mark.parametrize(("width", "height"), [(10, 3), (34, 7), (60, 20), (5, 5)])
def test_a_gallery_keeps_to_its_room(width: int, height: int) -> None:
    images = filters(9, 5).images
    captions = [("a long caption", "short")] * 9
    for said in ((), captions):
        lines = gallery(Pictures(), images, said, width, height, Brush(Paint.COLOUR))
        assert len(lines) <= height
        assert all(line.cell_length <= width + 1 for line in lines)  # a gap after the last one


@pytest.mark.parametrize(("count", "side"), [(1, 25), (2, 20), (6, 10), (40, 10)])
def test_pictures_are_as_large_as_a_dozen_or_all_of_them_have_room_for(
    count: int, side: int
) -> None:
    lines = gallery(Pictures(), filters(count, 5).images, (), 41, 20, Brush(Paint.ASCII))
    assert lines[0].cell_length == min(count, 42 // (side + 1)) * (side + 1)
