"""Rows of a table are listed with what the network takes them for, and told one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import ShowDigits
from core.snapshot import Digits, RunView
from tests.tui import views
from tests.tui.stage import Stage
from tui.display import Display
from tui.format import count
from tui.widgets import values
from tui.widgets.digit import DigitPanel
from tui.widgets.predictions import PredictionsPanel

SIZE = (60, 14)


def run(digits: Digits | None) -> RunView:
    return views.run_view(data=views.IRIS, digits=digits)


async def test_a_line_has_the_true_class_the_one_it_is_taken_for_and_how_likely_that_is() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(run(views.rows_of_a_table(wrong=frozenset({1}))))
        await pilot.pause()
        heading, first, second, *_ = (line.split() for line in panel.rows.text.splitlines())
        assert heading == ["true", "taken", "for", "probability"]
        assert (first[:3], first[-1]) == (["✓", "setosa", "setosa"], "90%")
        assert (second[:3], second[-1]) == (["✗", "versicolor", "virginica"], "90%")
        assert panel.border_subtitle == "10 of 11 right"


async def test_it_asks_for_as_many_as_there_are_lines() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(run(views.rows_of_a_table()))
        await pilot.pause()
        assert app.asked[-1] == ShowDigits(SIZE[1] - 3)  # the frame, and the heading


async def test_arrows_and_clicks_choose_a_line() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(run(views.rows_of_a_table()))
        panel.focus()
        await pilot.pause()
        await pilot.press("down", "right", "up")
        assert panel.selected == 1
        await pilot.press("up", "up")
        assert panel.selected == SIZE[1] - 4  # round the edge
        await pilot.click(panel.rows, offset=(9, 3))
        assert panel.selected == 2
        assert app.selected[-1] == 2


async def test_names_that_are_long_or_wide_keep_the_columns() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    named = ("a very long name of a class indeed", "花の名前", "c")
    async with app.run_test(size=(40, 9)) as pilot:
        panel.show(run(replace(views.rows_of_a_table(), classes=named)))
        await pilot.pause()
        strips = [panel.rows.render_line(y) for y in range(1, 4)]
        ends = [strip.crop(0, 40).text.rstrip()[-3:] for strip in strips]
        assert ends == ["90%"] * 3


async def test_the_single_example_has_its_classes_and_the_inputs_by_number() -> None:
    panel = DigitPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=(60, 14)) as pilot:
        panel.show(run(views.rows_of_a_table(wrong=frozenset({1}))))
        panel.select(1)
        await pilot.pause()
        assert panel.border_title == "Example 1"
        assert panel.border_subtitle == "✗ versicolor, taken for virginica"
        assert len([line for line in app.text.splitlines() if "%" in line]) == 3
        assert "its 4 inputs, as the network is given them" in app.text
        line = next(line for line in app.text.splitlines() if "1:" in line)
        assert line.strip("│ ").split()[:6] == ["1:", "-0.500", "2:", "-0.375", "3:", "-0.250"]


async def test_of_a_hundred_classes_the_true_and_the_likely_ones_are_listed() -> None:
    panel = DigitPanel(Display())
    app = Stage(panel)
    classes = tuple(f"class {number}" for number in range(100))
    probabilities = np.full((1, 100), 0.4 / 98, np.float32)
    probabilities[0, [7, 93]] = 0.35, 0.25
    told = replace(views.rows_of_a_table(1), classes=classes, probabilities=probabilities)
    async with app.run_test(size=(40, 8)) as pilot:
        panel.show(run(replace(told, labels=(50,))))
        await pilot.pause()
        assert all(f"class {number} " in app.text for number in (7, 50, 93))
        assert "▸ class 50" in app.text


async def test_classes_of_a_table_that_have_the_names_of_digits_make_no_digit() -> None:
    panel = DigitPanel(Display())
    probabilities = np.full((1, 10), 0.1, np.float32)
    told = views.rows_of_a_table(1)
    told = replace(told, classes=tuple("0123456789"), probabilities=probabilities)
    async with Stage(panel).run_test(size=(60, 14)):
        panel.show(run(told))
        assert panel.border_title == "Example 0"


@given(st.lists(st.floats(-1e9, 1e9), max_size=40), st.integers(1, 90), st.integers(0, 30))
def test_values_fit_into_their_room_and_say_how_many_are_left_out(
    given_: list[float], width: int, height: int
) -> None:
    rows = values.lines_left(3, len(given_), width, height)
    lines = values.lines(given_, width, rows)
    assert len(lines) <= rows <= height
    shown = sum(line.count(":") for line in lines[2:])
    if 0 < shown < len(given_):
        assert f"{count(shown)} of its {count(len(given_))} inputs" in lines[1]
    if height >= 50 and width >= 20:
        assert shown == len(given_)


async def test_a_number_that_is_told_is_set_beside_the_true_one() -> None:
    panel = DigitPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=(40, 12)) as pilot:
        panel.show(views.of_numbers(digits=views.numbers(40)))
        panel.select(7)
        await pilot.pause()
        rows = dict(line[1:-1].rsplit(maxsplit=1) for line in app.text.splitlines()[2:5])
        # 7 of 39 steps of 100, told too small by 30
        assert {name.strip(): float(figure) for name, figure in rows.items()} == {
            "true": 17.9,
            "predicted": -12.1,
            "miss": -30.0,
        }
        assert "0 of 39" in app.text
        assert (panel.border_title, panel.border_subtitle) == ("Example 7", "miss -30.0")
        panel.select(8)
        await pilot.pause()
        assert panel.border_subtitle == "miss 5.00"


@pytest.mark.parametrize(("width", "columns"), [(30, 2), (70, 4)])
async def test_of_several_numbers_each_has_a_line(width: int, columns: int) -> None:
    panel = DigitPanel(Display())
    async with Stage(panel).run_test(size=(width, 12)) as pilot:
        panel.show(views.of_numbers(digits=views.numbers(9, ("price", "rent"))))
        await pilot.pause()
        heading, first, second = panel.misses.text.splitlines()
        assert heading.split()[:columns][:2] == ["true", "predicted"]
        assert ("larger misses" in heading) is (columns == 4)
        assert first.split()[:3] == ["price", "0", "5.00"]
        assert second.split()[0] == "rent"


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (31, 27), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    listed, single = PredictionsPanel(Display()), DigitPanel(Display())
    async with Stage(listed, single).run_test(size=size) as pilot:
        for shown in (run(views.rows_of_a_table(count)) for count in (0, 1, 40)):
            listed.show(shown)
            single.show(shown)
            await pilot.pause()
        for targets in (("price",), ("price", "rent")):
            single.show(views.of_numbers(digits=views.numbers(9, targets)))
            await pilot.pause()
        single.show(run(None))
        assert single.border_title == "Example"
