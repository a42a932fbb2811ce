"""One example stands large beside what the network thinks of every class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.catalog import DATA_SETS
from tests.tui import views
from tests.tui.stage import Stage
from tui.display import Display
from tui.widgets.bar import block_bar
from tui.widgets.digit import DigitPanel
from tui.widgets.portrait import arrange, listed

DIGITS = tuple("0123456789")
FASHION = DATA_SETS["fashion-mnist"].classes


def bar_rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if "%" in line]


@given(st.floats(0, 1), st.integers(0, 60), st.booleans())
def test_a_bar_has_its_width(share: float, width: int, ascii: bool) -> None:
    assert len(block_bar(share, width, ascii=ascii)) == width


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_never_has_a_shorter_bar(one: float, other: float) -> None:
    order = " ▏▎▍▌▋▊▉█"
    small, large = sorted((one, other))

    def length(drawn: str) -> int:
        return sum(order.index(sign) for sign in drawn)

    assert length(block_bar(small, 20, ascii=False)) <= length(block_bar(large, 20, ascii=False))


def test_a_bar_is_full_at_one_and_empty_at_nothing() -> None:
    assert block_bar(1.0, 4, ascii=False) == "████"
    assert block_bar(1.0, 4, ascii=True) == "####"
    assert block_bar(0.0, 4, ascii=False) == block_bar(float("nan"), 4, ascii=False) == "    "


@given(
    st.integers(1, 220),
    st.integers(1, 80),
    st.sampled_from([DIGITS, FASHION, ("yes", "no"), tuple(map(str, range(100)))]),
    st.sampled_from([(28, 28), (24, 48), (31, 9), (224, 224)]),
)
def test_picture_and_bars_fit_into_the_room(
    width: int, height: int, classes: tuple[str, ...], own: tuple[int, int]
) -> None:
    plan = arrange(width, height, classes, own)
    bars = 2 + plan.names + 1 + plan.bar + 5
    high, wide = plan.picture
    if high and plan.beside:
        assert wide + 1 + bars <= width
        assert max(high // 2, plan.rows) <= height
    elif high:
        assert wide <= width
        assert high // 2 + 1 + plan.rows <= height
    assert high % 2 == 0


def test_in_a_narrow_room_the_picture_stands_above_the_bars() -> None:
    plan = arrange(29, 25, DIGITS, (28, 28))
    assert (plan.picture, plan.beside, plan.rows) == ((28, 28), False, 10)


def test_in_a_wide_room_the_picture_stands_beside_the_bars() -> None:
    plan = arrange(60, 14, DIGITS, (28, 28))
    assert (plan.picture, plan.beside, plan.rows) == ((28, 28), True, 10)


def test_long_class_names_have_room() -> None:
    assert arrange(40, 14, FASHION, (28, 28)).names == len("trousers")


def test_in_a_low_room_the_true_and_the_likely_classes_are_listed_in_order() -> None:
    shares = [0.3, 0.0, 0.05, 0.5, 0.0, 0.15]
    assert listed(shares, truth=4, rows=3) == [0, 3, 4]
    assert listed(shares, truth=4, rows=6) == [0, 1, 2, 3, 4, 5]


async def test_it_says_which_example_it_is_and_what_it_is_taken_for() -> None:
    panel = DigitPanel(Display())
    async with Stage(panel).run_test(size=(60, 20)):
        digits = views.digits(3, wrong=frozenset({1}))
        panel.show(views.run_view(digits=replace(digits, indices=(1846, 1847, 1848))))
        assert (panel.border_title, panel.border_subtitle) == ("Digit 1,846", "✓ 7")
        panel.select(1)
        assert (panel.border_title, panel.border_subtitle) == ("Digit 1,847", "✗ 2, taken for 3")


async def test_what_is_not_a_digit_is_called_an_example() -> None:
    panel = DigitPanel(Display())
    async with Stage(panel).run_test(size=(60, 20)):
        panel.show(views.run_view(digits=replace(views.digits(1), classes=FASHION)))
        assert (panel.border_title, panel.border_subtitle) == ("Example 0", "✓ sneaker")


async def test_every_class_has_a_bar_and_the_true_one_a_mark() -> None:
    panel = DigitPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=(60, 20)) as pilot:
        panel.show(views.run_view(digits=views.digits(1, confidence=0.91)))
        await pilot.pause()
        lines = bar_rows(app.text)
        assert len(lines) == 10
        assert [line for line in lines if "▸ 7" in line] == [lines[7]]
        assert "91%" in lines[7]
        assert "1%" in lines[0]


async def test_the_bars_move_with_the_network() -> None:
    panel = DigitPanel(Display())
    app = Stage(panel)
    async with app.run_test(size=(60, 20)) as pilot:
        digits = views.digits(1, confidence=0.5)
        panel.show(views.run_view(digits=digits))
        await pilot.pause()
        assert "50%" in app.text
        surer = views.digits(1, confidence=1.0).probabilities
        panel.show(views.run_view(digits=replace(digits, probabilities=surer)))
        await pilot.pause()
        assert "100%" in bar_rows(app.text)[7]
        assert bar_rows(app.text)[0].count("0%") == 1


async def test_probabilities_that_are_no_numbers_do_no_harm() -> None:
    panel = DigitPanel(Display())
    async with Stage(panel).run_test(size=(60, 20)) as pilot:
        digits = views.digits(1)
        lost = np.full_like(digits.probabilities, np.nan)
        panel.show(views.run_view(digits=replace(digits, probabilities=lost)))
        await pilot.pause()
        assert panel.border_subtitle == "✗ 7, taken for ?"


async def test_a_photograph_is_shown_too() -> None:
    panel = DigitPanel(Display())
    async with Stage(panel).run_test(size=(60, 20)) as pilot:
        colours = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
        panel.show(views.run_view(digits=replace(views.digits(1), images=colours)))
        await pilot.pause()
        assert "▀" in panel.view.render_line(0).text


async def test_ascii_is_seven_bits() -> None:
    panel = DigitPanel(Display(ascii=True))
    app = Stage(panel, ascii=True)
    async with app.run_test(size=(60, 20)) as pilot:
        panel.show(views.run_view(digits=views.digits(1, wrong=frozenset({0}))))
        await pilot.pause()
        assert app.text.isascii()
        assert "> 7" in app.text


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (31, 27), (200, 60)])
@pytest.mark.parametrize("classes", [DIGITS, FASHION])
async def test_any_size_will_do(size: tuple[int, int], classes: tuple[str, ...]) -> None:
    panel = DigitPanel(Display())
    async with Stage(panel).run_test(size=size) as pilot:
        for count, place in ((0, 0), (1, 0), (1, 5)):
            panel.select(place)
            panel.show(views.run_view(digits=replace(views.digits(count), classes=classes)))
            await pilot.pause()
        panel.show(views.run_view(digits=None))
        await pilot.pause()
        assert panel.border_title == "Example"
