"""How good a network is, is said everywhere in the words of what it is to tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widget import Widget

from core.snapshot import Evaluation, MomentView, State
from tests.tui import lanes, views
from tests.tui.piloted import piloted
from tests.tui.stage import Stage
from tui.cli.runs_command import _score
from tui.display import Display
from tui.explain import explain
from tui.headless import reports
from tui.run_columns import columns, outlook
from tui.score import ACCURACY, R_SQUARED, r_squared, score_of
from tui.table import Entry
from tui.widgets.header import Header
from tui.widgets.panel import Panel
from tui.widgets.progress import ProgressPanel
from tui.widgets.runs import RunsPanel
from tui.widgets.timeline import TimelinePanel


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.8417, "0.842"), (-0.0306, "-0.031"), (1.0, "1.000"), (-1234.5, "-1,230"), (None, "-")],
)
def test_an_r_squared_has_three_decimals_as_long_as_they_say_anything(
    value: float | None, written: str
) -> None:
    assert r_squared(value) == written


def test_an_r_squared_that_is_none_is_said_to_be_none() -> None:
    assert r_squared(float("nan")) == "not a number"
    assert r_squared(float("-inf")) == "-infinite"


def test_classes_have_an_accuracy_and_numbers_an_r_squared() -> None:
    classes, numbers = views.run_view(), views.of_numbers()
    assert score_of(classes).said(classes.evaluation) == "test accuracy 93.1 %"
    assert score_of(numbers).said(numbers.evaluation) == "test R² 0.842"
    assert score_of(numbers).said(None) == "test R² -"


async def text_of(panel: Panel | Header, run: object, size: tuple[int, int] = (60, 12)) -> str:
    app = Stage(panel)
    async with app.run_test(size=size) as pilot:
        panel.show(run)  # type: ignore[arg-type]
        await pilot.pause()
        assert isinstance(panel, Widget)
        return app.text


@pytest.mark.parametrize("width", [30, 60])
async def test_the_progress_of_numbers_knows_no_accuracy(width: int) -> None:
    text = await text_of(ProgressPanel(Display()), views.of_numbers(), (width, 8))
    assert "test R²" in text
    assert "0.842" in text
    assert "accuracy" not in text
    assert "%" not in text.replace("%  ", "").split("updates")[1]


async def test_where_signs_are_few_an_r_squared_is_an_r_2() -> None:
    run = views.of_numbers()
    for panel, about in (
        (ProgressPanel(Display(ascii=True)), run),
        (RunsPanel(Display(ascii=True)), run),
    ):
        app = Stage(panel, ascii=True)
        async with app.run_test(size=(60, 8)) as pilot:
            panel.show_company(views.company(about))
            await pilot.pause()
            assert "R2" in app.text
            assert app.text.isascii()


async def test_the_timeline_of_numbers_tells_the_test_loss() -> None:
    moments = tuple(replace(each, test_accuracy=None) for each in views.moments())
    run = views.of_numbers(timeline=views.timeline(*moments))
    text = await text_of(TimelinePanel(Display()), run, (70, 16))
    assert "test loss" in text
    assert "accuracy" not in text
    first: MomentView = moments[0]
    assert f"{first.test_loss:.2f}" in text


async def test_the_header_says_where_the_examples_lie() -> None:
    streamed = views.snapshot(views.of_numbers(device="cuda:0", residence="streamed"))
    text = await text_of(Header(Display()), streamed, (120, 3))
    assert "houses.csv 800   cuda:0, streamed, fused" in text


def test_plain_lines_name_the_score_and_the_data() -> None:
    run = views.of_numbers()
    assert reports.figures(run).endswith("test R² 0.842")
    assert "Perceptron 8-64-1 on houses.csv, 800 training examples" in reports.title(run)


def test_a_table_of_runs_that_tell_numbers_has_their_figures_alone() -> None:
    headings = [column.heading for column in columns(R_SQUARED, racing=False)]
    assert headings[:2] == ["R²", "test loss"]
    assert not [each for each in headings if "accuracy" in each or "%" in each]
    assert columns(R_SQUARED, racing=False)[0].cell(Entry(views.of_numbers())) == "    0.842"
    assert columns(ACCURACY, racing=False)[0].cell(Entry(views.run_view())) == "   93.1 %"


def test_a_race_of_numbers_is_led_by_the_lowest_test_loss() -> None:
    runs = [replace(run, data=views.HOUSES) for run in lanes.lanes()]
    company = views.company(*runs, race=lanes.race(runs))
    full, _ = outlook(company, ascii=False)
    assert "lowest test loss" in full
    assert "accuracy" not in full


def test_a_list_of_saved_runs_has_both_kinds_of_score() -> None:
    assert _score(0.931, None) == "93.1%"
    assert _score(None, 0.842) == "R² 0.842"
    assert _score(None, None) == "-"


async def test_an_accuracy_is_charted_only_where_there_is_one() -> None:
    async def charted() -> list[str]:
        said = []
        for _ in range(3):
            await on.press("m")
            said.append(str(on.cockpit.loss.border_title))
        return said

    async with piloted() as on:
        assert await charted() == ["Test loss", "Test accuracy", "Training loss"]
        await on.show(views.of_numbers())
        assert await charted() == ["Test loss", "Training loss", "Test loss"]


def told(state: State = State.RUNNING, *, r2: float, best: float) -> str:
    """What is explained of a run that tells numbers so well, and did at its best."""
    at = views.moment(100_000)
    tested = Evaluation(at, 1.0, r2=r2), Evaluation(at, 1.0, r2=best)
    return " ".join(explain(views.of_numbers(state, evaluation=tested[0], best=tested[1])))


def test_numbers_told_no_better_than_their_mean_are_put_down_to_the_learning_rate() -> None:
    lost = "The test R², 0.010, is no better than that of always telling the mean, 0"
    assert lost in told(r2=0.01, best=0.6)
    assert "telling the mean" not in told(r2=0.5, best=0.6)
    assert "telling the mean" not in told(r2=0.01, best=0.02)  # it may learn yet
    assert "telling the mean" in told(r2=-3.0, best=0.02)


def test_the_end_says_how_well_numbers_were_told() -> None:
    assert "its test R² 0.600 was the highest" in told(State.FINISHED, r2=0.5, best=0.6)


def test_nothing_is_said_of_guessing_under_a_loss_of_ones_own() -> None:
    run = views.run_view(train_loss=27.1)
    assert "guessing" in " ".join(explain(run))
    own = replace(run, config=replace(run.config, model="mine.py:net"))
    assert "guessing" not in " ".join(explain(own))
    named = replace(run, config=replace(own.config, loss="cross-entropy"))
    assert "guessing" in " ".join(explain(named))
