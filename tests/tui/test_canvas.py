"""The canvas sets the dots that it is told to, and its lines have no holes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.canvas import Canvas

WIDTH, HEIGHT = 12, 5
dots = st.tuples(st.integers(0, 2 * WIDTH - 1), st.integers(0, 4 * HEIGHT - 1))
anywhere = st.tuples(st.floats(-50, 50), st.floats(-50, 50))

# The dots of a braille character by their number less 1, as Unicode has it: across, down.
BRAILLE = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


def seen(canvas: Canvas) -> set[tuple[int, int]]:
    """The dots that the canvas shows, from the lower left."""
    return {
        (2 * column + across, 4 * (HEIGHT - row) - 1 - down)
        for row, line in enumerate(canvas.lines())
        for column, sign in enumerate(line.plain)
        for bit, (across, down) in enumerate(BRAILLE)
        if "⠀" <= sign <= "⣿" and (ord(sign) - 0x2800) >> bit & 1
    }


def drawn(points: list[tuple[float, float]]) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT)
    at = np.array(points, float).reshape(-1, 2)
    canvas.line(at[:, 0], at[:, 1], "red", "x")
    return canvas


@given(st.sets(dots))
def test_the_dots_that_are_set_are_seen(points: set[tuple[int, int]]) -> None:
    canvas = Canvas(WIDTH, HEIGHT)
    at = np.array(sorted(points), np.int64).reshape(-1, 2)
    canvas.dots(at[:, 0], at[:, 1], "red", "x")
    assert seen(canvas) == points


@given(dots, dots)
def test_a_line_leads_from_dot_to_dot_without_a_hole(
    begin: tuple[int, int], end: tuple[int, int]
) -> None:
    on = seen(drawn([begin, end]))
    assert {begin, end} <= on
    assert len(on) == 1 + max(abs(begin[0] - end[0]), abs(begin[1] - end[1]))
    for x, y in on:  # half a dot at most off the straight line
        cross = (end[0] - begin[0]) * (y - begin[1]) - (end[1] - begin[1]) * (x - begin[0])
        assert abs(cross) <= 0.5 * (len(on) - 1)


@given(st.lists(anywhere, max_size=12))
def test_what_lies_outside_is_left_out(points: list[tuple[float, float]]) -> None:
    inside = {
        (round(x), round(y))
        for x, y in points
        if 0 <= round(x) < 2 * WIDTH and 0 <= round(y) < 4 * HEIGHT
    }
    assert inside <= seen(drawn(points))


def test_where_lines_meet_the_cell_has_the_colour_of_the_later() -> None:
    canvas = drawn([(0, 1), (20, 1)])
    canvas.line(np.array([4.0, 4.0]), np.array([0.0, 3.0]), "blue", "y")
    colours = {
        span.style: canvas.lines()[-1].plain[span.start : span.end]
        for span in canvas.lines()[-1].spans
    }
    assert len(colours["blue"]) == 1


def test_dots_beneath_leave_the_cells_of_others_alone() -> None:
    canvas = drawn([(4, 4)])
    row = np.full(2 * WIDTH, 5)
    canvas.dots(np.arange(2 * WIDTH), row, "grey", ".", beneath=True)
    assert seen(canvas) == {(4, 4)} | {(x, 5) for x in range(2 * WIDTH) if x not in (4, 5)}


def test_in_ascii_a_line_is_made_of_its_mark() -> None:
    canvas = Canvas(4, 2, ascii=True)
    canvas.line(np.array([0.0, 3.0]), np.array([0.0, 0.0]), "red", "B")
    assert [line.plain for line in canvas.lines()] == ["    ", "BBBB"]


@pytest.mark.parametrize("ascii", [False, True])
def test_text_stands_over_dots_and_makes_its_cells_taken(ascii: bool) -> None:
    canvas = Canvas(6, 1, ascii=ascii)
    assert canvas.is_free(1, 0, 3)
    canvas.write(1, 0, "abc", "red")
    assert canvas.lines()[0].plain == " abc  "
    assert not canvas.is_free(3, 0, 2)
    assert canvas.is_free(4, 0, 2)
    assert not canvas.is_free(4, 0, 3)


def test_a_canvas_without_room_is_empty() -> None:
    canvas = Canvas(0, 0)
    canvas.line(np.array([0.0, 3.0]), np.array([0.0, 0.0]), "red", "B")
    canvas.write(*canvas.cell(1.0, 1.0), "abc", "red")
    assert canvas.lines() == []
