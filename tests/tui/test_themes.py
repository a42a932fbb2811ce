"""What is drawn in a colour can be read on the ground it is drawn on."""

from __future__ import annotations

import pytest
from textual.color import Color

from tests.tui.piloted import piloted
from tests.tui.views import run_view
from tui.display import RIGHT, STATE_LOOKS, WRONG, Look
from tui.strategies import SHOWN
from tui.themes import DARK, LIGHT

LOOKS = [*STATE_LOOKS.values(), *(shown.look for shown in SHOWN.values()), RIGHT, WRONG]


def luminance(colour: str) -> float:
    """The relative luminance of the Web Content Accessibility Guidelines (WCAG 2.1)."""
    parts = (part / 255 for part in Color.parse(colour).rgb)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(look: Look, ground: str, *, dark: bool) -> float:
    """The contrast ratio of the same guidelines, 1 to 21."""
    low, high = sorted((luminance(look.colour.on(dark=dark)), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", LOOKS)
def test_words_and_curves_stand_out_from_a_light_ground(look: Look) -> None:
    for ground in (LIGHT.background, LIGHT.panel):
        assert contrast(look, str(ground), dark=False) >= 4.5


@pytest.mark.parametrize("look", LOOKS)
def test_signs_and_curves_stand_out_from_a_dark_ground(look: Look) -> None:
    for ground in (DARK.background, DARK.panel):
        assert contrast(look, str(ground), dark=True) >= 3


async def test_another_theme_colours_a_run_that_stands_still_anew() -> None:
    async with piloted(run_view()) as on:
        state = STATE_LOOKS[run_view().state].colour

        def colours() -> set[str]:
            strip = on.cockpit.header.render_line(0)
            return {str(each.style.color.name) for each in strip if each.style and each.style.color}

        assert state.on_dark.lower() in colours()
        await on.press("t")
        assert state.on_light.lower() in colours()
