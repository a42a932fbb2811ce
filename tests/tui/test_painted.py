"""Of a line that changes, no more is painted than the columns that differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.stage import Stage
from tui.widgets.lines import Lines
from tui.widgets.painted import difference

STYLES = [Style(color="red"), Style(color="blue")]
parts = st.tuples(st.text("abc", min_size=1, max_size=4), st.sampled_from(STYLES))
strips = st.lists(parts, max_size=5).map(lambda line: Strip([Segment(*part) for part in line]))


def cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(character, segment.style) for segment in strip for character in segment.text]


@given(strips, strips)
def test_painting_the_difference_makes_the_new_line(before: Strip, after: Strip) -> None:
    left, right = difference(before, after)
    old, new = cells(before), cells(after)
    if len(old) == len(new):
        assert old[:left] + new[left:right] + old[right:] == new
    else:
        assert (left, right) == (0, max(len(old), len(new)))


@given(strips)
def test_equal_lines_do_not_differ(strip: Strip) -> None:
    assert difference(strip, Strip(list(strip))) == (0, 0)


def test_a_line_of_wide_characters_is_painted_whole() -> None:
    assert difference(Strip([Segment("損a")]), Strip([Segment("損b")])) == (0, 3)


async def test_only_what_changed_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines()
    lines.styles.height = 3
    async with Stage(lines).run_test(size=(20, 5)) as pilot:
        lines.write(Content("updates  100"), Content("loss  2.31"))
        await pilot.pause()
        painted: list[Region] = []
        monkeypatch.setattr(lines, "refresh", lambda *regions: painted.extend(regions))
        lines.write(Content("updates  120"), Content("loss  2.31"))
        assert painted == [Region(10, 0, 1, 1)]
