"""What is taken for what can be read off: as a matrix, as a list, and as pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.figures import Instrument
from core.snapshot import RunView
from tests.tui.instruments import confusion, measured
from tests.tui.stage import Stage
from tests.tui.views import of_numbers, run_view
from tui.display import Display
from tui.widgets.confusion import ConfusionPanel
from tui.widgets.confusion_matrix import matrix


async def shown(
    run: RunView, size: tuple[int, int] = (34, 20), ascii: bool = False, theme: str = "dark"
) -> str:
    panel = ConfusionPanel(Display(ascii=ascii))
    stage = Stage(panel, ascii=ascii, theme=theme)
    async with stage.run_test(size=size) as pilot:
        panel.show(run)
        await pilot.pause()
        return stage.text


def rows(width: int, height: int, classes: int = 10) -> list[str]:
    lines = matrix(confusion(classes), width, height, Display(), dark=True)
    return [line.plain for line in lines]


def test_ten_classes_can_be_read_in_thirty_two_columns() -> None:
    heading, first, *others = rows(32, 12)
    assert heading.split() == list("0123456789")
    assert first.split() == ["0", "980", *["·"] * 9]
    assert others[-1] == "9   9" + "  ·" * 8 + "980"
    assert all(len(line) <= 32 for line in (heading, first, *others))


def test_where_a_line_is_missing_the_columns_go_unnamed() -> None:
    assert rows(32, 10) == rows(32, 11)[1:]
    assert rows(32, 9) == []


def test_a_matrix_without_room_is_left_out() -> None:
    assert rows(31, 20) == []
    assert rows(150, 100, classes=60) == []
    assert matrix(replace(confusion(), counts=None), 99, 99, Display(), dark=True) == []


def test_large_counts_are_told_in_thousands() -> None:
    told = confusion(3)
    assert told.counts is not None
    large = replace(told, counts=told.counts * 1000)
    lines = matrix(large, 14, 5, Display(), dark=True)
    assert lines[1].plain.split()[1] == "980k"


@pytest.mark.parametrize("dark", [True, False])
def test_the_more_often_the_deeper_the_shade(dark: bool) -> None:
    last = matrix(confusion(), 60, 12, Display(), dark=dark)[-1]
    styles = [str(span.style) for span in last.spans]
    assert len({each for each in styles if each.startswith("on #")}) == 2


async def test_the_matrix_comes_with_the_surest_mistakes() -> None:
    text = await shown(measured(), (34, 22))
    assert "980" in text
    assert "0→1 99%" in text or "0→1" in text
    assert "0→1" in await shown(measured(), (64, 14))
    beside = await shown(measured(), (100, 14))
    assert any("980" in line and "▀▀▀" in line for line in beside.splitlines())
    assert "0→1 99%" in beside


async def test_where_the_matrix_has_no_room_the_worst_confusions_are_listed() -> None:
    first = (await shown(measured(), (34, 8))).splitlines()[1]
    assert first.strip("│").split()[:4] == ["9", "9", "→", "0"]


async def test_examples_that_are_no_pictures_are_listed() -> None:
    text = await shown(measured(confusion=confusion(3, 2, images=False)), (60, 10))
    assert "0→1 99% (example 0)" in text
    assert "1→2 89% (example 7)" in text


async def test_names_of_classes_are_cut_where_they_are_long() -> None:
    names = ("a very long name of a class", "another name of a class", "third")
    told = replace(confusion(3, images=False), classes=names)
    text = await shown(measured(confusion=told), (50, 8))
    assert "a very lon" in text


async def test_all_right_is_said() -> None:
    told = replace(confusion(0, 0, images=False), counts=None, pairs=())
    assert "all are judged right" in await shown(measured(confusion=told))


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (of_numbers(), "numbers are told here, not"),
        (run_view(updates=0), "nothing was judged yet"),
        (run_view(), "measured between two updates"),
        (run_view(troubles={Instrument.CONFUSION: "broken"}), "not measured: broken"),
    ],
)
async def test_an_empty_panel_says_why(run: RunView, why: str) -> None:
    assert why in await shown(run)


async def test_the_border_counts_what_is_wrong() -> None:
    last = (await shown(measured())).splitlines()[-1]
    assert "45 of 9,845 wrong" in last


async def test_ascii_is_seven_bits() -> None:
    text = await shown(measured(), (60, 20), ascii=True)
    assert text.isascii()
    assert "0->1" in text


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int], theme: str) -> None:
    panel = ConfusionPanel(Display())
    stage = Stage(panel, theme=theme)
    async with stage.run_test(size=size) as pilot:
        panel.show(measured())
        await pilot.resize_terminal(80, 14)
        await pilot.pause()
        assert "980" in stage.text
