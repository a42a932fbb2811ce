"""The panel of the runs: what it shows at which width, and what its keys and the mouse do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from core.commands import Select
from core.snapshot import Evaluation, Moment, RunView, State
from tests.tui import lanes, views
from tests.tui.stage import Stage
from tui.company import Company
from tui.display import Display
from tui.run_columns import columns
from tui.score import ACCURACY
from tui.widgets.panel import Panel
from tui.widgets.runs import RunsPanel

HEADINGS = [column.heading for column in columns(ACCURACY, racing=True)]


class Audience(Stage):
    """Remembers for which run something was asked, and which were hidden."""

    def __init__(self, panel: RunsPanel, *, ascii: bool = False) -> None:
        super().__init__(panel, ascii=ascii)
        self.asked_for: list[tuple[object, int | None]] = []
        self.hid: list[int] = []

    def on_panel_asked(self, message: Panel.Asked) -> None:
        self.asked_for.append((message.command, message.run))

    def on_runs_panel_hid(self, message: RunsPanel.Hid) -> None:
        self.hid.append(message.run)


def race(seconds: float = 9.95, **changes: object) -> Company:
    runs = lanes.lanes(seconds)
    return views.company(*runs, race=lanes.race(runs), **changes)  # type: ignore[arg-type]


async def begin(pilot: Pilot[None], panel: RunsPanel, company: Company) -> None:
    panel.focus()
    await pilot.pause()
    panel.show_company(company)
    await pilot.pause()


async def shown(company: Company, width: int, height: int = 11, ascii: bool = False) -> list[str]:
    """The lines of a panel of this size, the frame included."""
    panel = RunsPanel(Display(ascii=ascii))
    stage = Audience(panel, ascii=ascii)
    async with stage.run_test(size=(width, height)) as pilot:
        await begin(pilot, panel, company)
        return stage.text.splitlines()


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (44, "▲run accuracy test loss updates"),
        (80, "▲run accuracy test loss updates seconds train loss an update"),
        (200, "▲run " + " ".join(HEADINGS)),
    ],
)
async def test_there_are_as_many_columns_as_the_width_has_room_for(
    width: int, headings: str
) -> None:
    assert " ".join((await shown(race(), width))[1].strip("│ ").split()) == headings


async def test_a_row_gives_the_figures_of_its_run() -> None:
    row = " ".join((await shown(race(), 200))[3].strip("│ ").split())
    assert row.startswith("● stochastic ● running 96.1 % 0.140 1,326,666 9.95 0.121 7.50 µs")
    assert row.endswith("0.382 96.1 % 21.78 0.100 13,333 0.600 80,000 9.80 1,306,666 99 %")


async def test_what_is_not_reached_yet_is_said_and_so_is_what_was_not_measured() -> None:
    fresh = replace(views.run_view(State.READY, updates=0), id=9, name="fresh")
    row = " ".join((await shown(views.company(fresh), 200))[2].strip("│ ").split())
    assert row == "▸● fresh ○ ready - - 0 0.00 - - 0 - - -" + 6 * " not yet"


def many(count: int = 8) -> tuple[RunView, ...]:
    """Runs by stochastic, each of a lower test accuracy than the one before."""
    run = lanes.lane(0, "stochastic")
    return tuple(
        replace(run, id=i, name=f"run {i + 1}", evaluation=Evaluation(Moment(), 1, 0.9 - i / 100))
        for i in range(count)
    )


async def test_eight_runs_and_their_headings_fit_into_eleven_lines() -> None:
    lines = await shown(views.company(*many()), 80, 11)
    assert [f"run {i + 1}" in lines[2 + i] for i in range(8)] == [True] * 8


async def test_where_there_are_fewer_lines_the_selected_run_is_in_view() -> None:
    lines = await shown(views.company(*many(), selected=6), 80, 6)
    assert "accuracy" in lines[1]
    assert "▸" in lines[4]
    assert "run 7" in lines[4]


async def test_a_long_name_is_cut_so_that_figures_stay_in_their_columns() -> None:
    runs = lanes.lanes()
    named = views.company(replace(runs[0], name="stochastic, Adam, lr 0.1"), *runs[1:])
    lines = await shown(named, 44)
    assert "stochasti…" in lines[2]
    assert len({len(line.rstrip("│ ")) for line in lines[1:5]}) == 1


async def test_down_selects_the_run_below_in_the_order_shown() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race(selected=1))
        await pilot.press("right")  # by accuracy: stochastic, mini-batch, batch
        await pilot.press("down", "down", "down", "up")
        assert stage.asked_for == [(Select(), 2), (Select(), 0), (Select(), 2)]


async def test_the_panel_follows_a_selection_made_elsewhere() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race(selected=0))
        panel.show_company(race(selected=1))
        await pilot.press("down")
        assert stage.asked_for == [(Select(), 2)]


async def test_a_selection_asked_for_stays_marked_until_it_is_answered() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race(selected=0))
        await pilot.press("down")
        panel.show_company(race(9.97, selected=0))  # the engine has not obeyed yet
        await pilot.pause()
        assert "▸● stochastic" in stage.text


async def test_when_the_run_that_was_asked_for_has_gone_the_selected_one_is_marked() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race(selected=0))
        await pilot.press("down")
        panel.show_company(views.company(lanes.lanes()[0], lanes.lanes()[2]))
        await pilot.pause()
        assert "▸■ batch" in stage.text


async def test_a_figure_is_sorted_best_first_and_i_turns_that_round() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)

    def names() -> list[str]:
        return [line[4:14].strip() for line in stage.text.splitlines()[2:5]]

    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race())
        assert names() == ["batch", "stochastic", "mini-batch"]
        await pilot.press("right")
        assert "▼accuracy" in stage.text
        assert names() == ["stochastic", "mini-batch", "batch"]
        await pilot.press("i")
        assert "▲accuracy" in stage.text
        assert names() == ["batch", "mini-batch", "stochastic"]
        await pilot.press("right")
        assert "▲test loss" in stage.text
        assert names() == ["stochastic", "mini-batch", "batch"]
        await pilot.press("left", "left", "left", "enter")
        assert "▼run" in stage.text
        assert names() == ["mini-batch", "stochastic", "batch"]


async def test_the_figure_that_rows_are_sorted_by_comes_into_view() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(44, 11)) as pilot:
        await begin(pilot, panel, race())
        await pilot.press(*["right"] * 11)
        assert "▲s to 80 %" in stage.text
        await pilot.press(*["left"] * 11)
        assert "▲run" in stage.text
        assert "accuracy" in stage.text


async def test_after_the_race_rows_are_not_sorted_by_its_budget() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race())
        await pilot.press(*["right"] * len(HEADINGS))
        assert "▼spent" in stage.text
        panel.show_company(views.company(*lanes.lanes()))
        await pilot.pause()
        assert "spent" not in stage.text
        assert "run" in stage.text


async def test_h_asks_to_hide_the_run_of_the_row() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race(selected=2))
        await pilot.press("h")
        assert stage.hid == [2]


async def test_a_hidden_run_has_no_sign() -> None:
    lines = await shown(race(hidden=frozenset({2})), 80)
    assert "▲" not in lines[4]
    assert "╌ mini-batch 64" in lines[4]


async def test_a_click_selects_a_run_or_sorts_by_a_heading() -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=(80, 11)) as pilot:
        await begin(pilot, panel, race())
        await pilot.click(panel, offset=(8, 3))
        assert stage.asked_for == [(Select(), 1)]
        heading = stage.text.splitlines()[1].index("test loss")
        await pilot.click(panel, offset=(heading, 1))
        assert "▲test loss" in stage.text
        await pilot.click(panel, offset=(heading, 1))
        assert "▼test loss" in stage.text
        await pilot.click(panel, offset=(8, 9))  # below the rows
        assert len(stage.asked_for) == 1


async def test_only_the_figures_that_changed_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = RunsPanel(Display())
    async with Audience(panel).run_test(size=(80, 11)) as pilot:
        before = race(9.95)
        await begin(pilot, panel, before)
        painted: list[Region] = []
        monkeypatch.setattr(panel.lines, "refresh", lambda *at, **_: painted.extend(at))
        moved = replace(before.runs[1], train_loss=0.122)
        panel.show_company(views.company(before.runs[0], moved, before.runs[2], race=before.race))
        (region,) = painted
        assert (region.y, region.height, region.width) == (2, 1, 1)


async def test_ascii_is_seven_bits() -> None:
    company = race(selected=1, hidden=frozenset({0}))
    lines = await shown(company, 200, ascii=True)
    assert "\n".join(lines).isascii()
    assert "^RUN" in lines[1]
    assert ">S stochastic" in lines[3]


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (300, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = RunsPanel(Display())
    stage = Audience(panel)
    async with stage.run_test(size=size) as pilot:
        await begin(pilot, panel, race())
        await pilot.press("right", "down", "i")
        await pilot.resize_terminal(80, 11)
        await pilot.pause()
        assert "stochastic" in stage.text
