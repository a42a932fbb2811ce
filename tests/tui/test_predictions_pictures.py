"""Pictures keep their greys, whatever the terminal can do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui import views
from tests.tui.stage import rows
from tui.widgets.half_blocks import Brush, Paint, Pictures, picture, scale

DARK, LIGHT = Brush(Paint.COLOUR), Brush(Paint.COLOUR, light=True)
GREY = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
COLOURED = np.stack([GREY, GREY.T, 255 - GREY], axis=2)


@given(st.integers(0, 255), st.integers(1, 40), st.integers(1, 60))
def test_an_even_grey_stays_as_it_is_at_any_scale(grey: int, old: int, new: int) -> None:
    assert (scale(np.full((old, old), grey, np.uint8), (new, new)) == grey).all()


def test_at_its_own_size_a_picture_is_unchanged() -> None:
    assert (scale(GREY, (28, 28)) == GREY).all()


def test_a_pixel_is_repeated_in_a_larger_picture() -> None:
    assert (scale(GREY, (56, 56)) == GREY.repeat(2, axis=0).repeat(2, axis=1)).all()


def test_a_pixel_half_covered_gives_half_the_light() -> None:
    half = np.array([[0, 255], [0, 255]], np.uint8)
    assert scale(half, (1, 1)) == round(255 * 0.5 ** (1 / 2.2))


def test_a_character_holds_two_true_greys() -> None:
    (line,) = picture(np.array([[10, 20], [30, 40]], np.uint8), (2, 2), DARK)
    said = [(seg.text, seg.style.color.triplet.red, seg.style.bgcolor.triplet.red) for seg in line]
    assert said == [("▀", 10, 30), ("▀", 20, 40)]


def test_on_a_light_ground_a_digit_is_dark() -> None:
    (segment,) = picture(np.full((2, 2), 255, np.uint8), (2, 2), LIGHT)[0]
    assert segment.style.color.triplet == (0, 0, 0)


def test_a_photograph_keeps_its_colours_on_any_ground() -> None:
    assert rows(picture(COLOURED, (28, 28), DARK)) == rows(picture(COLOURED, (28, 28), LIGHT))
    first = picture(COLOURED, (28, 28), LIGHT)[0]
    assert next(iter(first)).style.color.triplet == tuple(COLOURED[0, 0])


@pytest.mark.parametrize("image", [GREY, COLOURED])
@pytest.mark.parametrize("paint", Paint)
@pytest.mark.parametrize("light", [False, True])
def test_a_picture_has_the_size_it_was_asked_for(
    image: np.ndarray, paint: Paint, light: bool
) -> None:
    lines = picture(image, (14, 14), Brush(paint, light))
    assert len(lines) == 7
    assert all(line.cell_length == 14 for line in lines)


def test_without_colour_a_digit_can_still_be_made_out() -> None:
    seven = views.digits(1).images[0]
    text = "\n".join(rows(picture(seven, (28, 28), Brush(Paint.BLOCKS))))
    assert set(text) <= set(" ▀▄█▒\n")
    assert "██████" in text


def test_in_ascii_dense_signs_are_bright() -> None:
    lines = picture(np.array([[0, 255], [0, 255]], np.uint8), (2, 2), Brush(Paint.ASCII))
    assert rows(lines) == [" @"]


def test_a_picture_is_drawn_once_for_the_same_images() -> None:
    pictures, images = Pictures(), views.digits(2).images
    first = pictures.get(images, 0, (14, 14), DARK)
    assert pictures.get(images, 0, (14, 14), DARK) is first
    assert pictures.get(images, 0, (14, 14), LIGHT) is not first
    assert pictures.get(images.copy(), 0, (14, 14), DARK) is not first
