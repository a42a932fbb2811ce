"""Where numbers are told, true ones stand against predicted ones in a scatter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import ShowDigits
from core.snapshot import Numbers
from tests.tui import views
from tests.tui.stage import Stage
from tui.display import Display
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.scatter import EXAMPLES, determination
from tui.widgets.scatter_plot import Points, plot

SIZE = (60, 20)


def scatter_of(
    true: list[float], predicted: list[float], size: tuple[int, int] = SIZE, *, ascii: bool = True
) -> tuple[list[str], list[tuple[int, int] | None]]:
    points = Points(np.array(true), np.array(predicted), selected=-1, worst=None)
    points = replace(points, selected=len(true))  # none
    drawn = plot(points, ("true", "predicted"), *size, Display(ascii), dark=True)
    return [line.plain for line in drawn.lines], list(drawn.cells)


def numbers(true: list[float], predicted: list[float]) -> Numbers:
    columns = (np.array(values, np.float32)[:, None] for values in (true, predicted))
    return Numbers(tuple(range(len(true))), *columns, ("price",))


async def shown(said: Numbers, *, only_wrong: bool = False) -> PredictionsPanel:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=(80, 20)) as pilot:
        panel.only_wrong = only_wrong
        panel.show(views.of_numbers(digits=said))
        await pilot.pause()
        return panel


def test_what_is_told_right_stands_on_the_diagonal() -> None:
    true = [0.0, 25.0, 50.0, 75.0, 100.0]
    _, cells = scatter_of(true, true)
    columns, rows = zip(*(cell for cell in cells if cell), strict=True)
    assert list(columns) == sorted(columns)
    assert list(rows) == sorted(rows, reverse=True)
    slopes = np.diff(rows) / np.diff(columns)
    assert np.ptp(slopes) < 0.15  # but for whole cells, on one line
    lines, _ = scatter_of(true, true)
    assert lines[rows[0]][columns[0]] == "o"


def test_what_is_told_too_large_stands_above_the_diagonal_and_too_small_below() -> None:
    _, (right, above, below, *_) = scatter_of([50, 50, 50, 0, 100], [50, 80, 20, 0, 100])
    assert above[1] < right[1] < below[1]
    assert above[0] == right[0] == below[0]


def test_what_is_told_beyond_the_axes_is_an_arrow_at_their_ends() -> None:
    lines, cells = scatter_of([0, 50, 60, 100], [0, 1e6, -np.inf, 100])
    _, (high, top), (low, bottom), _ = cells
    assert lines[top][high] == "^"
    assert lines[bottom][low] == "v"
    assert top < bottom


def test_what_is_no_number_is_not_drawn() -> None:
    _, cells = scatter_of([0, 50, 100], [0, np.nan, 100])
    assert cells[1] is None


def test_the_axes_are_those_of_the_true_numbers_whatever_is_predicted() -> None:
    true = [0.0, 40.0, 100.0]
    lines, _ = scatter_of(true, [1.0, 2.0, 3.0])
    others, _ = scatter_of(true, [-900.0, 0.0, 1e9])
    assert lines[-1] == others[-1]
    assert lines[-1].split() == ["0", "50", "100"]
    assert lines[0] == "predicted"
    assert lines[-2].endswith(" true")


@given(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=9),
    st.lists(st.floats(width=32), min_size=9, max_size=9),
    st.tuples(st.integers(2, 90), st.integers(2, 30)),
    st.booleans(),
)
def test_any_numbers_fit_into_any_room(
    true: list[float], predicted: list[float], size: tuple[int, int], ascii: bool
) -> None:
    lines, cells = scatter_of(true, predicted[: len(true)], size, ascii=ascii)
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]
    assert all(0 <= x < size[0] and 0 <= y < size[1] for x, y in filter(None, cells))
    assert not ascii or "".join(lines).isascii()


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=20))
def test_r_squared_is_what_is_left_of_the_spread(pairs: list[tuple[float, float]]) -> None:
    true, predicted = np.array(pairs).T
    if np.var(true) < 1e-6:
        return
    assert determination(true, predicted) == pytest.approx(
        1 - np.mean((true - predicted) ** 2) / np.var(true)
    )
    assert determination(true, true) == 1
    assert determination(true, np.full_like(true, true.mean())) == pytest.approx(0)


async def test_the_border_has_the_fit_and_the_largest_miss() -> None:
    panel = await shown(numbers([0, 10, 20, 30], [1, 10, 20, 25]))
    assert panel.border_title == "Predictions of price"
    # 1 - (1 + 25) / 500
    said = "R² 0.948 of the 4 shown, largest miss -5.00 at 30.0"
    assert panel.border_subtitle == said


async def test_the_worst_are_said_to_be_the_worst() -> None:
    panel = await shown(numbers([0, 10, 20, 30], [1, 10, 20, 25]), only_wrong=True)
    assert panel.border_title == "Largest misses of price"
    said = "4 of the tenth that is missed by most, largest miss -5.00 at 30.0"
    assert panel.border_subtitle == said


async def test_predictions_that_are_not_finite_are_said() -> None:
    panel = await shown(numbers([0, 10, 20], [1, np.nan, 20]))
    assert panel.border_subtitle == "some predictions are not finite"


async def test_some_hundred_examples_are_asked_for() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=(30, 9)) as pilot:
        panel.show(views.of_numbers())
        await pilot.pause()
        assert app.asked[-1] == ShowDigits(EXAMPLES)


async def test_right_leads_along_the_true_numbers_and_down_to_smaller_misses() -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(views.of_numbers(digits=numbers([30, 10, 20], [30, 12, 21])))
        panel.focus()
        panel.selected = 1
        led_to = []
        for key in ("right", "right", "right", "left", "down", "down", "up"):
            await pilot.press(key)
            led_to.append(panel.selected)
        assert led_to == [2, 0, 1, 0, 1, 2, 1]


async def test_enter_shows_the_next_of_several_numbers() -> None:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=SIZE) as pilot:
        panel.show(views.of_numbers(digits=views.numbers(9, ("price", "rent"))))
        panel.focus()
        assert "1/2: price" in str(panel.border_title)
        await pilot.press("enter")
        assert "2/2: rent" in str(panel.border_title)
        await pilot.press("enter")
        assert "1/2: price" in str(panel.border_title)


async def test_a_click_chooses_the_nearest_example() -> None:
    panel = PredictionsPanel(Display())
    async with Stage(panel).run_test(size=SIZE) as pilot:
        panel.show(views.of_numbers(digits=numbers([0, 50, 100], [0, 50, 100])))
        await pilot.pause()
        column, row = panel.scatter._plot.cells[1]
        await pilot.click(panel.scatter, offset=(column + 1, row))
        assert panel.selected == 1


async def test_dots_live_with_the_network_and_ascii_is_seven_bits() -> None:
    panel = PredictionsPanel(Display(ascii=True))
    app = Stage(panel, ascii=True)
    async with app.run_test(size=SIZE) as pilot:
        panel.show(views.of_numbers(digits=numbers([0, 50, 100], [0, 50, 100])))
        await pilot.pause()
        before = app.text
        panel.show(views.of_numbers(digits=numbers([0, 50, 100], [30, 50, 60])))
        await pilot.pause()
        assert app.text != before
        assert app.text.isascii()
        assert "R2" in app.text


@pytest.mark.parametrize("size", [(1, 1), (3, 9), (12, 3), (30, 9), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = PredictionsPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=size) as pilot:
        for count in (0, 1, 50):
            panel.show(views.of_numbers(digits=views.numbers(count)))
            await pilot.pause()
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        assert "predicted" in app.text
