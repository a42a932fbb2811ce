"""The question before a race: quick for the chapter's, open for others, clear about mistakes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import OptionList

from core.commands import StartRace
from core.config import configure
from core.racing.race import DEFAULT_BUDGET, Budget, lanes, lanes_like, of_strategies
from core.snapshot import Clock
from tests.tui.lanes import lane
from tests.tui.lanes import lanes as runs_that_raced
from tests.tui.piloted import Piloted, piloted
from tests.tui.views import run_view, snapshot
from tui.screens.race_dialog import RaceDialog

CONFIG = configure({"lr": 0.02})
RUN = run_view(config=CONFIG)


def dialog(on: Piloted) -> RaceDialog:
    screen = on.app.screen
    assert isinstance(screen, RaceDialog)
    return screen


def answer(on: Piloted) -> str:
    """What stands on the screen where the dialog answers, in one line."""
    x, y, width, height = on.app.screen.query_one(".answer").region
    lines = on.text.splitlines()[y : y + height]
    return " ".join(" ".join(line[x : x + width] for line in lines).split())


async def started(on: Piloted, *keys: str) -> StartRace:
    """The race that was started by pressing these keys."""
    (race,) = await on.press(*keys)
    assert isinstance(race, StartRace)
    assert on.app.screen is on.cockpit
    return race


async def test_enter_starts_the_race_of_the_chapter() -> None:
    async with piloted(RUN) as on:
        await on.press("c")
        assert "seconds:10" in on.text
        race = await started(on, "enter")
        assert race == StartRace(of_strategies(CONFIG), DEFAULT_BUDGET)


@pytest.mark.parametrize(
    ("downs", "proposed", "differ_in", "values"),
    [
        (0, "batch, stochastic, mini-batch", "strategy", ("batch", "stochastic", "mini-batch")),
        (1, "sgd, rmsprop, adam", "optimizer", ("sgd", "rmsprop", "adam")),
        (2, "0.002, 0.02, 0.2", "lr", (0.002, 0.02, 0.2)),
        (3, "1, 8, 64, 512", "batch_size", (1, 8, 64, 512)),
    ],
)
async def test_the_arrows_propose_what_can_be_raced(
    downs: int, proposed: str, differ_in: str, values: tuple[object, ...]
) -> None:
    async with piloted(RUN) as on:
        await on.press("c", *["down"] * downs)
        assert f" {proposed} " in on.text
        race = await started(on, "enter")
        assert race == StartRace(lanes(CONFIG, {differ_in: values}), DEFAULT_BUDGET)


async def test_the_optimizer_that_is_set_races_first() -> None:
    async with piloted(run_view(config=configure({"optimizer": "adagrad"}))) as on:
        await on.press("c", "down")
        assert " adagrad, sgd, rmsprop, adam " in on.text


async def test_runs_race_again_with_what_they_have_become_and_one_seed() -> None:
    runs = tuple(replace(run, config=replace(run.config, seed=run.id)) for run in runs_that_raced())
    async with piloted(shown=snapshot(runs=runs, selected=1)) as on:
        await on.press("c", *["down"] * 4)
        assert " batch, stochastic, mini-batch 64 " in on.text
        race = await started(on, "enter")
        named = {run.name: run.config for run in runs}
        assert race == StartRace(lanes_like(runs[1].config, named), DEFAULT_BUDGET)
        assert {each.config.seed for each in race.lanes} == {1}


async def test_a_name_with_a_comma_is_one_name() -> None:
    runs = (
        lane(0, "mini-batch", name="mini-batch 1,024"),
        lane(1, "mini-batch", name="mini-batch 1"),
        lane(2, "batch", name="slow, and sure"),
    )
    async with piloted(shown=snapshot(runs=runs)) as on:
        await on.press("c", *["down"] * 4)
        race = await started(on, "enter")
        assert [each.name for each in race.lanes] == [run.name for run in runs]
        await on.press("c", *["down"] * 4, "tab", *"slow, and sure,mini-batch 1")
        race = await started(on, "enter")
        assert [each.name for each in race.lanes] == ["slow, and sure", "mini-batch 1"]


async def test_a_race_begins_with_the_settings_before_an_experiment() -> None:
    before = configure({"strategy": "batch", "lr": 0.5})
    async with piloted(shown=snapshot(RUN, base=before)) as on:
        race = await started(on, "c", "enter")
        assert race.lanes == of_strategies(before)


async def test_who_races_and_the_budget_can_be_typed() -> None:
    async with piloted(RUN) as on:
        await on.press("c", *["down"] * 3, "tab", *" 16 ,1,,16", "tab", *"updates:30")
        race = await started(on, "enter")
        assert race.lanes == lanes(CONFIG, {"batch_size": (16, 1)})
        assert race.budget == Budget(Clock.UPDATES, 30)


ALLOWED = "seconds:X, examples:N or updates:N, each above 0, such as seconds:10"
REFUSED = [
    (0, "batch, stochatic", "seconds:10", "strategy: 'stochatic' is not allowed: it must be one"),
    (0, "", "seconds:10", "nobody races: name at least one"),
    (0, " , ", "seconds:10", "nobody races: name at least one"),
    (1, "sgd, adan", "seconds:10", "(did you mean adam?)"),
    (2, "0.1, fast", "seconds:10", "learning rate: 'fast' is not allowed"),
    (3, "1, 2, 3, 4, 5, 6, 7, 8, 9", "seconds:10", "9 runs in one race are too many"),
    (3, "0", "seconds:10", "'0' is not allowed: it must be a whole number of at least 1"),
    (4, "", "seconds:10", "nobody races: name at least one"),
    (4, "run 7", "seconds:10", "'run 7' is not allowed: it must be the name of a run: run 1"),
    (0, "batch", "10", f"'10' is not allowed: it must be {ALLOWED}"),
    (0, "batch", "seconds:0", f"'seconds:0' is not allowed: it must be {ALLOWED}"),
    (0, "batch", "", f"'' is not allowed: it must be {ALLOWED}"),
]


async def test_what_is_not_allowed_is_said_in_full_and_nothing_is_lost() -> None:
    async with piloted(RUN, size=(60, 16)) as on:
        for downs, who, budget, complaint in REFUSED:
            await on.press("c", *["down"] * downs)
            dialog(on).who.value, dialog(on).budget.value = who, budget
            assert await on.press("enter") == []
            assert complaint in answer(on)
            assert (dialog(on).who.value, dialog(on).budget.value) == (who, budget)
            await on.press("escape")


async def test_a_mistake_is_mended_where_it_was_made() -> None:
    async with piloted(RUN) as on:
        await on.press("c", "tab", "tab", *"minutes:1", "enter")
        assert "'minutes:1' is not allowed" in on.text
        race = await started(on, "home", *["delete"] * 7, *"seconds", "enter")
        assert race.budget == Budget(Clock.SECONDS, 1.0)


async def test_escape_leaves_without_a_race() -> None:
    async with piloted(RUN) as on:
        assert await on.press("c", "down", "tab", *"x", "escape") == []
        assert on.app.screen is on.cockpit
        await on.press("c")
        assert " batch, stochastic, mini-batch " in on.text


async def test_a_click_chooses_what_to_race_and_starts_nothing() -> None:
    async with piloted(RUN) as on:
        await on.press("c")
        on.engine.sent.clear()
        assert await on.pilot.click(OptionList, offset=(2, 3))
        assert on.engine.sent == []
        assert " 1, 8, 64, 512 " in on.text


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_all_of_the_question_and_of_an_answer_fits(
    size: tuple[int, int], ascii: bool
) -> None:
    async with piloted(RUN, size=size, ascii=ascii) as on:
        await on.press("c")
        assert answer(on).endswith("a budget: seconds:10, examples:60,000, updates:500")
        assert on.text.isascii() or not ascii
        dialog(on).budget.value = ""
        await on.press("enter")
        assert answer(on) == f"'' is not allowed: it must be {ALLOWED}"
        box = on.app.screen.query_one(".box")
        assert on.app.screen.region.contains_region(box.region)
        for part in box.children:
            assert box.region.contains_region(part.region)
            assert part.region.height > 0
