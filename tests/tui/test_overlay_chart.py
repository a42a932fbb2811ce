"""Several runs over each other: each can be told from the others, and a fork from its parent."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import configure
from core.racing.standing import Measure
from core.snapshot import Clock, Moment, RunView
from tests.tui import views
from tui.company import Company
from tui.widgets.chart import Chart, Layer, draw
from tui.widgets.curves import ticks
from tui.widgets.overlay_chart import POINTS, compose, needs_log_x
from tui.widgets.wish import ASCII, COLOURLESS, UNICODE, Limits, Wish

WISH = Wish(Measure.LOSS, Clock.SECONDS, log=False, width=90, height=24)
STRATEGIES = ("batch", "stochastic", "mini-batch")


def run(
    id: int,
    *,
    reach: Moment | None = None,
    loss: np.ndarray | None = None,
    points: int = 300,
    strategy: str = "mini-batch",
    **changes: Any,
) -> RunView:
    """A run up to `reach`, whose every curve goes through `loss`, or falls."""
    at = reach or Moment(3000, 192_000, 3.0)
    loss = 2.3 * np.exp(-np.linspace(0, 2 + id, points)) if loss is None else loss
    share = np.linspace(1 / max(len(loss), 1), 1, len(loss))
    curves = {clock: views.curve(share * at.on(clock), loss) for clock in Clock}
    history = replace(
        views.history(at, ()), train_loss=curves, test_loss=curves, test_accuracy=curves
    )
    config = configure({"strategy": strategy})
    view = views.run_view(updates=at.updates, config=config, name=f"run {id}", id=id)
    return replace(view, at=at, history=history, **changes)


def race(**changes: Any) -> Company:
    """One of each strategy; the first is selected."""
    return views.company(*(run(i, strategy=name) for i, name in enumerate(STRATEGIES)), **changes)


def chart(company: Company, wish: Wish = WISH) -> Chart:
    return compose(company, wish, Limits())


def colour(company: Company, id: int) -> str:
    return company.looks[id].colour.on_dark


def lines(drawn: Chart, marker: str = UNICODE.line) -> dict[str | None, Layer]:
    """The lines, by colour, in the order of drawing."""
    joined = [layer for layer in drawn.layers if layer.marker == marker and layer.joined]
    return {layer.colour: layer for layer in joined}


def signs(drawn: Chart, company: Company) -> dict[int, list[tuple[float, float]]]:
    """Where each run's sign stands on its line."""
    return {
        id: [
            place
            for layer in drawn.layers
            if layer.marker == look.sign and not layer.joined
            for place in zip(layer.x, layer.y, strict=True)
        ]
        for id, look in company.looks.items()
    }


def text_of(drawn: Chart) -> str:
    return "\n".join(line.plain for line in draw(drawn))


@pytest.mark.parametrize("measure", Measure)
def test_each_run_has_a_line_of_its_colour_the_selected_one_on_top(measure: Measure) -> None:
    company = race(selected=1)
    drawn = lines(chart(company, replace(WISH, measure=measure)))
    assert list(drawn) == [colour(company, id) for id in (0, 2, 1)]


def test_a_line_ends_in_its_sign_and_carries_it_on_its_way() -> None:
    company = race()
    drawn = chart(company)
    for id, places in signs(drawn, company).items():
        line = lines(drawn)[colour(company, id)]
        assert drawn.frame.in_cell(line.x[-1], line.y[-1]) in places
        assert len(places) >= 3


@pytest.mark.parametrize("alike", [False, True])
def test_no_sign_hides_another(alike: bool) -> None:
    loss = np.full(300, 1.0) if alike else None
    company = views.company(*(run(i, loss=loss) for i in range(4)))
    drawn = chart(company)
    places = [place for each in signs(drawn, company).values() for place in each]
    cells = [(drawn.frame.column(x), drawn.frame.row(y)) for x, y in places]
    assert len(set(cells)) == len(cells) >= 4


def test_only_the_selected_run_has_a_band_and_only_of_its_training_loss() -> None:
    company = race(selected=2)
    bands = {
        measure: [
            layer.colour
            for layer in chart(company, replace(WISH, measure=measure)).layers
            if layer.marker == UNICODE.band
        ]
        for measure in Measure
    }
    assert bands.pop(Measure.LOSS) == [colour(company, 2)]
    assert not any(bands.values())


@pytest.mark.parametrize("width", [30, 44, 90, 200])
@pytest.mark.parametrize("runs", [2, 4, 8])
def test_plotext_gets_few_points_however_many_the_runs(width: int, runs: int) -> None:
    company = views.company(*(run(i, points=2000) for i in range(runs)))
    drawn = chart(company, replace(WISH, width=width))
    assert drawn.points <= 1.1 * POINTS
    for line in lines(drawn).values():
        assert len(line.x) <= 2 * drawn.frame.columns


FORKED = Moment(1000, 64_000, 1.0)


def forks() -> tuple[RunView, RunView]:
    child = run(1, parent="run 0", forked_at=FORKED, parted_by="learning rate 0.01 → 0.1")
    return run(0), child


@pytest.mark.parametrize("clock", Clock)
def test_a_fork_begins_on_the_line_of_its_parent(clock: Clock) -> None:
    company = views.company(*forks())
    drawn = chart(company, replace(WISH, clock=clock))
    begins = lines(drawn)[colour(company, 1)].x[0]
    assert begins == pytest.approx(drawn.frame.x.place(FORKED.on(clock)), abs=0.01)
    assert lines(drawn)[colour(company, 0)].x[0] < 0.05


def test_a_fork_whose_parent_is_hidden_has_its_whole_past() -> None:
    company = views.company(*forks(), run(2), selected=1, hidden=frozenset({0}))
    drawn = chart(company)
    assert colour(company, 0) not in lines(drawn)
    assert lines(drawn)[colour(company, 1)].x[0] < 0.05


@pytest.mark.parametrize("clock", Clock)
def test_a_fork_is_marked_and_named_by_what_it_changed(clock: Clock) -> None:
    drawn = chart(views.company(*forks()), replace(WISH, clock=clock))
    (mark,) = drawn.marks
    assert mark.name == "learning rate 0.01 → 0.1"
    assert mark.at == drawn.frame.x.place(FORKED.on(clock))
    assert [layer.x[0] for layer in drawn.layers if layer.marker == UNICODE.switch] == [
        pytest.approx(mark.at, abs=0.01)
    ]
    assert "→ 0.1" in text_of(drawn)


def test_a_narrow_chart_names_a_fork_by_the_new_value_alone() -> None:
    (mark,) = chart(views.company(*forks()), replace(WISH, width=44)).marks
    assert mark.name == "→ 0.1"


def test_a_fork_that_changed_nothing_yet_is_marked_too() -> None:
    parent, child = forks()
    (mark,) = chart(views.company(parent, replace(child, parted_by=""))).marks
    assert mark.name == "fork"


def test_of_a_hidden_fork_there_is_no_mark() -> None:
    company = views.company(*forks(), run(2), hidden=frozenset({1}))
    assert not chart(company).marks
    assert colour(company, 1) not in lines(chart(company))


def apart(times: int) -> list[RunView]:
    return [run(0, reach=Moment(50, 3_000_000, 10.0)), run(1, reach=Moment(50 * times, 10**6, 10))]


def test_x_is_logarithmic_where_one_run_got_much_further() -> None:
    assert needs_log_x(False, apart(20_000), Clock.UPDATES)
    assert not needs_log_x(False, apart(20_000), Clock.EXAMPLES)
    assert not needs_log_x(False, apart(20_000), Clock.SECONDS)


def test_seconds_are_always_linear() -> None:
    runs = [run(0, reach=Moment(1, 1, 0.01)), run(1, reach=Moment(1, 1, 60.0))]
    assert not needs_log_x(True, runs, Clock.SECONDS)


def test_near_the_border_x_stays_as_it_is() -> None:
    assert not needs_log_x(False, apart(15), Clock.UPDATES)
    assert needs_log_x(True, apart(15), Clock.UPDATES)
    assert not needs_log_x(True, apart(5), Clock.UPDATES)


def test_a_run_that_has_not_begun_decides_no_axis() -> None:
    assert not needs_log_x(False, [run(0, reach=Moment()), run(1)], Clock.UPDATES)


def test_on_logarithmic_x_equal_ratios_are_equally_far() -> None:
    company = views.company(*apart(20_000))
    wish = replace(WISH, clock=Clock.UPDATES, log_x=True)
    drawn = chart(company, wish)
    short, long = (lines(drawn)[colour(company, id)].x[-1] for id in (0, 1))
    decade = drawn.frame.x.place(10.0) - drawn.frame.x.place(1.0)
    assert long - short == pytest.approx(decade * math.log10(20_000), abs=0.02)
    assert drawn.frame.x.place(1.0) == 0
    assert 2 <= len(drawn.frame.x.ticks) <= ticks(wish)


def test_a_run_that_diverges_does_not_press_the_others_flat() -> None:
    wild = run(0, loss=np.geomspace(2.3, 1e30, 300))
    for log in (False, True):
        drawn = chart(views.company(wild, run(1)), replace(WISH, log=log))
        assert drawn.frame.y.high <= 2 * 2 * 2.3 * 1.1
        assert all(0 <= y <= 1 for layer in drawn.layers for y in layer.y)


def test_a_race_that_ends_a_little_late_ends_at_the_edge() -> None:
    late = [run(i, reach=Moment(50, 3200, 10.0 + 0.02 * i)) for i in range(3)]
    drawn = chart(views.company(*late))
    assert drawn.frame.x.high == 10.0
    assert all(line.x[-1] == 1.0 for line in lines(drawn).values())


def test_limits_hold_while_the_runs_grow_into_them() -> None:
    limits = Limits()
    highs = set()
    for seconds in np.linspace(2.1, 2.4, 9):
        company = views.company(*(run(i, reach=Moment(50, 3200, seconds)) for i in range(2)))
        highs.add(compose(company, WISH, limits).frame.x.high)
    assert len(highs) == 1


def test_in_ascii_each_line_is_made_of_its_own_letter() -> None:
    company = race()
    drawn = chart(company, replace(WISH, markers=ASCII))
    assert text_of(drawn).isascii()
    for id, look in company.looks.items():
        assert list(lines(drawn, look.ascii_sign)) == [colour(company, id)]


@pytest.mark.filterwarnings("ignore:overflow")  # of the curve that is made up here
@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30),
    st.integers(1, 60),
    st.integers(1, 30),
    st.sampled_from(Measure),
    st.sampled_from(Clock),
    st.booleans(),
    st.booleans(),
    st.sampled_from([UNICODE, COLOURLESS, ASCII]),
)
def test_any_values_in_any_room_can_be_drawn(
    loss: list[float],
    width: int,
    height: int,
    measure: Measure,
    clock: Clock,
    log: bool,
    log_x: bool,
    markers: Any,
) -> None:
    company = views.company(*forks(), run(2, loss=np.array(loss, float)))
    wish = Wish(measure, clock, log, width, height, markers, log_x=log_x)
    drawn = chart(company, wish)
    for layer in drawn.layers:
        assert all(0 <= place <= 1 for place in (*layer.x, *layer.y))
    rows = text_of(drawn).splitlines()
    assert len(rows) <= height
    assert all(len(row) <= width for row in rows)


def test_runs_that_have_not_begun_have_axes_and_no_lines() -> None:
    nothing = [run(i, reach=Moment(), loss=np.zeros(0)) for i in range(2)]
    for log_x in (False, True):
        drawn = chart(views.company(*nothing), replace(WISH, clock=Clock.UPDATES, log_x=log_x))
        assert not drawn.points
        assert "┤" in text_of(drawn)
