"""The chart shows each strategy's stretch of the curve in its colour, and names every switch."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from core.racing.standing import Measure
from core.snapshot import Clock, Curve, History, Moment, Phase
from tests.tui import views
from tui.display import BLUE
from tui.strategies import SHOWN
from tui.widgets.chart import Chart, draw
from tui.widgets.loss_chart import compose
from tui.widgets.wish import ASCII, COLOURLESS, UNICODE, Ink, Limits, Wish

NOW = Moment(3000, 3000, 3.0, 0.05)
PHASES = (
    Phase("batch", 60_000, Moment()),
    Phase("stochastic", 1, Moment(1000, 1000, 1.0)),
    Phase("mini-batch", 64, Moment(2000, 2000, 2.0)),
)
CONSOLE = Console()
WISH = Wish(Measure.LOSS, Clock.UPDATES, log=False, width=90, height=24)


def chart(wish: Wish = WISH, *, history: History | None = None, now: Moment = NOW) -> Chart:
    return compose(history or views.history(NOW, PHASES, 600), now, wish, Limits())


def text_of(drawn: Chart) -> str:
    return "\n".join(line.plain for line in draw(drawn))


def colours(drawn: Chart, marker: str) -> list[str | None]:
    return [layer.colour for layer in drawn.layers if layer.marker == marker]


def with_loss(loss: np.ndarray) -> History:
    curve = views.curve(np.linspace(5, 3000, len(loss)), loss)
    curves = dict.fromkeys(Clock, curve)
    return History(1, curves, curves, curves, PHASES)


def test_each_stretch_has_the_colour_of_its_strategy() -> None:
    expected = [SHOWN[phase.strategy].look.colour.on_dark for phase in PHASES]
    assert colours(chart(), UNICODE.line) == expected
    assert colours(chart(), UNICODE.band) == expected


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("clock", Clock)
def test_every_switch_is_marked_where_it_happened(measure: Measure, clock: Clock) -> None:
    drawn = chart(replace(WISH, measure=measure, clock=clock))
    named = [(mark.name, round(mark.at * drawn.frame.x.high)) for mark in drawn.marks]
    starts = [round(phase.start.on(clock)) for phase in PHASES]
    assert named == list(zip(("batch", "stochastic", "mini-batch 64"), starts, strict=True))
    lines = [layer for layer in drawn.layers if layer.marker == UNICODE.switch]
    assert len(lines) == len(PHASES) - 1


def test_the_stretches_join_without_a_break() -> None:
    lines = [layer for layer in chart().layers if layer.marker == UNICODE.line]
    for before, after in itertools.pairwise(lines):
        assert (before.x[-1], before.y[-1]) == (after.x[0], after.y[0])


def test_of_switches_in_one_column_the_last_is_named() -> None:
    at_once = tuple(replace(phase, start=Moment(1500, 1500, 1.5)) for phase in PHASES[1:])
    drawn = chart(history=views.history(NOW, (PHASES[0], *at_once)))
    assert [mark.name for mark in drawn.marks] == ["batch", "mini-batch 64"]


@pytest.mark.parametrize("width", [30, 60, 120, 200])
@pytest.mark.parametrize("phases", [PHASES[:1], PHASES])
def test_plotext_gets_at_most_two_points_of_a_curve_to_a_column(
    width: int, phases: tuple[Phase, ...]
) -> None:
    drawn = chart(replace(WISH, width=width), history=views.history(NOW, phases, 2048))
    columns, joints = drawn.frame.columns, 3 * len(phases)
    for marker in (UNICODE.line, UNICODE.band):
        points = sum(len(layer.x) for layer in drawn.layers if layer.marker == marker)
        assert points <= 2 * columns + joints
    assert drawn.points <= 5 * columns + 4 * joints


def test_a_thousand_switches_cost_no_more_than_the_columns() -> None:
    many = tuple(
        Phase(("batch", "stochastic")[i % 2], i + 1, Moment(3 * i, 3 * i, i * 0.003))
        for i in range(1000)
    )
    drawn = chart(history=views.history(NOW, many, 2048))
    assert len(drawn.marks) <= drawn.frame.columns
    assert drawn.points <= 12 * drawn.frame.columns


@pytest.mark.parametrize("log", [False, True])
def test_what_is_not_a_number_is_a_gap(log: bool) -> None:
    loss = np.full(600, 1.0)
    loss[300:400] = np.nan
    drawn = chart(replace(WISH, log=log), history=replace(with_loss(loss), phases=PHASES[:1]))
    lines = [layer for layer in drawn.layers if layer.marker == UNICODE.line]
    assert len(lines) == 2
    assert lines[0].x[-1] < 0.51 < 0.65 < lines[1].x[0]


@pytest.mark.filterwarnings("ignore:overflow")  # of the curve that is made up here
@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40),
    st.integers(1, 60),
    st.integers(1, 30),
    st.sampled_from(Measure),
    st.booleans(),
    st.booleans(),
)
def test_any_values_in_any_room_can_be_drawn(
    loss: list[float], width: int, height: int, measure: Measure, log: bool, ascii: bool
) -> None:
    wish = Wish(measure, Clock.SECONDS, log, width, height, ASCII if ascii else UNICODE)
    drawn = chart(wish, history=with_loss(np.array(loss, float)))
    for layer in drawn.layers:
        assert all(0 <= place <= 1 for place in (*layer.x, *layer.y))
    lines = text_of(drawn).splitlines()
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_a_run_that_has_not_begun_has_axes_and_no_curves() -> None:
    nothing = views.curve(np.zeros(0), np.zeros(0))
    empty = dict.fromkeys(Clock, nothing)
    drawn = chart(history=History(0, empty, empty, empty, PHASES[:1]), now=Moment())
    assert drawn.points == 0
    assert "┤" in text_of(drawn)


def test_ascii_is_seven_bits() -> None:
    text = text_of(chart(replace(WISH, markers=ASCII)))
    assert text.isascii()
    assert {ASCII.line, ASCII.band, ASCII.test, ASCII.switch} <= set(text)
    assert "S stochastic" in text


def test_without_ascii_the_curve_is_drawn_in_braille() -> None:
    text = text_of(chart())
    assert any("⠀" < sign <= "⣿" for sign in text)
    assert "● stochastic" in text


def test_accuracy_is_labelled_in_percent() -> None:
    assert "100 %" in text_of(chart(replace(WISH, measure=Measure.ACCURACY)))


def test_on_a_logarithmic_scale_equal_ratios_are_equally_far() -> None:
    history = with_loss(np.geomspace(1, 0.01, 600))
    drawn = chart(replace(WISH, log=True), history=replace(history, phases=PHASES[:1]))
    line = next(layer for layer in drawn.layers if layer.marker == UNICODE.line)
    straight = np.polyval(np.polyfit(line.x, line.y, 1), line.x)
    assert line.y == pytest.approx(straight, abs=0.01)


def test_a_band_of_one_value_hides_behind_its_line() -> None:
    x = np.linspace(5, 3000, 40)
    mean = np.linspace(2.3, 2.1, 40)
    flat = Curve(x, mean, mean, mean, mean, np.ones(40))
    curves = dict.fromkeys(Clock, flat)
    nothing = dict.fromkeys(Clock, views.curve(np.zeros(0), np.zeros(0)))
    wish = replace(WISH, markers=COLOURLESS)
    drawn = chart(wish, history=History(1, curves, nothing, nothing, PHASES[:1]))
    assert COLOURLESS.band not in text_of(drawn)


def test_the_band_is_the_ground_that_the_line_is_drawn_on() -> None:
    wish = replace(WISH, ink=Ink(bands={BLUE.on_dark: "#001122"}))
    lines = draw(chart(wish, history=views.history(NOW, PHASES[:1])))
    assert not any(UNICODE.band in line.plain for line in lines)
    grounds = [
        (line.plain[x], style.bgcolor.name)
        for line in lines
        for x in range(len(line))
        if (style := line.get_style_at_offset(CONSOLE, x)).bgcolor
    ]
    assert {name for _, name in grounds} == {"#001122"}
    signs = {sign for sign, _ in grounds}
    assert " " in signs
    assert any("\u2800" < sign <= "\u28ff" for sign in signs)


@pytest.mark.parametrize("height", [6, 10, 24])
def test_the_line_keeps_clear_of_the_row_of_names(height: int) -> None:
    drawn = chart(replace(WISH, height=height))
    lines = [layer for layer in drawn.layers if layer.marker == UNICODE.line]
    assert max(drawn.frame.row(place) for layer in lines for place in layer.y) < height - 3


@pytest.mark.parametrize("clock", Clock)
def test_a_run_that_begins_again_has_its_axis_begin_again(clock: Clock) -> None:
    limits, wish = Limits(), replace(WISH, clock=clock)
    fresh = compose(views.history(Moment(), PHASES), Moment(), wish, limits).frame.x
    compose(views.history(NOW, PHASES), NOW, wish, limits)
    assert compose(views.history(Moment(), PHASES), Moment(), wish, limits).frame.x == fresh
    assert fresh.high in (1.0, 10.0)


def test_of_tests_that_share_a_place_the_last_one_is_drawn() -> None:
    x, loss = np.array([0.0, 1.0]), np.array([2.0, 0.5])
    tested = dict.fromkeys(Clock, views.curve(x, loss, 0))
    nothing = dict.fromkeys(Clock, views.curve(np.zeros(0), np.zeros(0)))
    drawn = chart(history=History(1, nothing, tested, tested, PHASES[:1]))
    (points,) = [layer for layer in drawn.layers if layer.marker == UNICODE.test]
    assert points.y == pytest.approx([drawn.frame.y.place(0.5)], abs=0.03)


def test_limits_hold_while_the_curve_grows_into_them() -> None:
    limits = Limits()
    highs = [
        compose(views.history(NOW, PHASES), Moment(updates), WISH, limits).frame.x.high
        for updates in range(2000, 2501, 50)
    ]
    assert len(set(highs)) <= 2


def test_points_have_a_place_even_if_time_stands_still() -> None:
    drawn = chart(replace(WISH, clock=Clock.SECONDS), now=Moment())
    assert all(math.isfinite(place) for layer in drawn.layers for place in layer.x)
