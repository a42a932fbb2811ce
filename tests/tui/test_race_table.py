"""What a race without a screen writes: its progress, and its table for people."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from core.config import configure
from core.racing.race import DEFAULT_BUDGET, of_strategies
from core.racing.summary import run_row, table
from core.snapshot import State
from core.summary import Status
from tests.tui import views
from tests.tui.lanes import lanes, race
from tui.headless import race_table
from tui.headless.race_reports import RaceBar, RaceLines, share_spent
from tui.headless.race_table import Columns


def test_plain_progress_comes_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = io.StringIO()
    lines = RaceLines(stream)
    for now[0] in (1.0, 4.9, 5.0, 5.1, 9.9):
        lines.show_race("race", 0.4, lanes(4.0))
    assert stream.getvalue() == (
        "race: 40 % of the budget spent; test accuracy: batch 15.0 %; stochastic 91.0 %; "
        "mini-batch 64 88.0 %\n"
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_says_who_is_ahead_and_takes_itself_away() -> None:
    stream = Terminal()
    bar = RaceBar(stream)
    bar.show_race("race 2 of 3", 0.4, lanes(4.0))
    bar.close()
    assert "race 2 of 3" in stream.getvalue()
    assert "ahead: stochastic 91.0 %" in stream.getvalue()


def test_the_share_is_that_of_the_lane_that_has_come_farthest() -> None:
    runs = lanes(4.0)
    spent = {runs[0].id: 1.0, runs[1].id: 4.0, runs[2].id: 3.0}
    assert share_spent(replace(race(runs), spent=spent)) == 0.4
    assert share_spent(replace(race(runs, over=True), spent=spent)) == 1.0


def test_on_a_terminal_the_table_is_no_wider_and_says_what_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")  # no colours
    finished = [replace(run, state=State.FINISHED) for run in lanes(10.0)]
    rows = [
        run_row(lane, run, 10.0, Status.DONE)
        for lane, run in zip(of_strategies(configure({})), finished, strict=True)
    ]
    told = table(DEFAULT_BUDGET, [rows])
    race_table.show(told, DEFAULT_BUDGET)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(lines[1].split()) == ("run accuracy test loss train loss updates examples time")
    assert lines[-2].startswith("12 more columns")


COLUMNS = Columns((("run", "a long name"), ("accuracy", "9 %"), ("loss", "0.1")))


@pytest.mark.parametrize(("room", "fit"), [(100, 3), (27, 3), (26, 2), (21, 2), (5, 2)])
def test_as_many_columns_are_shown_as_fit_but_always_a_figure(room: int, fit: int) -> None:
    fitting = COLUMNS.fitting(room)
    assert fitting.cells == COLUMNS.cells[:fit]
    if fit == 3:
        assert max(map(len, fitting.lines())) <= room


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ([("a", 0.9, 0.3), ("b", 0.8, 0.2)], "ahead: a, 90.0 % of the test set right"),
        ([("a", 0.9, 0.3), ("b", 0.9, 0.4)], "ahead: a, 90.0 % of the test set right"),
        ([("a", 0.9, 0.3), ("b", 0.9, 0.3)], "nobody is ahead: a and b are level"),
        ([("a", 0.9, 0.3)], "a, 90.0 % of the test set right"),
        ([("a", None, None), ("b", None, None)], "nobody is ahead: nobody was tested"),
        ([("a", None, 0.2), ("b", None, 0.3)], "ahead: a, test loss 0.200, R² 0.800"),
    ],
)
def test_who_is_ahead_is_only_said_of_one_who_is(
    figures: list[tuple[str, float | None, float | None]], said: str
) -> None:
    rows = [
        (name, {"test_accuracy": right, "test_loss": loss, "test_r2": loss and 1 - loss})
        for name, right, loss in figures
    ]
    assert race_table.ahead(rows) == said


def test_runs_that_tell_numbers_are_listed_with_their_r_squared() -> None:
    runs = [replace(run, data=views.HOUSES) for run in lanes(4.0)]
    runs = [replace(run, evaluation=views.of_numbers().evaluation) for run in runs]
    lane = of_strategies(configure({}))[0]
    shown = race_table.of_runs([run_row(lane, run, 4.0, Status.DONE) for run in runs])
    headings = [column[0] for column in shown.cells]
    assert headings[:3] == ["run", "R²", "test loss"]
    assert not [each for each in headings if "accuracy" in each or "%" in each]
    assert shown.cells[1][1:] == ("0.842",) * 3
