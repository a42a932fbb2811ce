"""The verdicts are put into words with measured numbers only, and fit wherever they stand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.racing.claims import Claim, Finding, verdicts
from core.snapshot import Moment, RunView
from tests.tui import lanes, views
from tests.tui.stage import Hands, Stage
from tui.company import Company
from tui.display import Display
from tui.verdicts import LOOKS, facts
from tui.widgets.verdicts import VerdictsPanel


def said(claim: Claim, *runs: RunView) -> list[str]:
    """The facts behind the verdict on a claim, one a line."""
    verdict = next(verdict for verdict in verdicts(runs) if verdict.claim is claim)
    return [f"{fact.name}: {', '.join(fact.figures)}" for fact in facts(verdict)]


def test_the_price_of_an_update_is_told_in_examples_and_in_time() -> None:
    assert said(Claim.WHOLE_PASS, *lanes.lanes()) == [
        "an update takes: 60,000 of 60,000 examples, 450 ms",
        "an example costs: 7.50 µs",
        "an update of stochastic: 1 example, 7.50 µs, 60,000 times faster",
    ]


def test_trembling_is_told_in_each_measure_that_was_taken_of_both() -> None:
    batch, stochastic, _ = lanes.lanes()
    assert said(Claim.TREMBLES, batch, stochastic) == [
        "loss swings by: 0.382 stochastic, 0.000310 batch",
        "cosine between updates, 16 of them: 0.0310 stochastic, 0.998 batch",
    ]
    unseen = replace(batch, steadiness=None)
    assert len(said(Claim.TREMBLES, unseen, stochastic)) == 1


def test_who_is_fast_is_told_in_time_and_in_accuracy() -> None:
    batch, stochastic, _ = lanes.lanes()
    time, accuracy = said(Claim.FAST, batch, stochastic)
    assert time == "time to 90 % accuracy: 600 ms stochastic, batch not in 9.90 s"
    assert re.fullmatch(r"accuracy at 9.80 s: 96.1 % stochastic, \d\d.\d % batch", accuracy)


def test_of_large_data_every_strategy_is_told_with_its_loss() -> None:
    examples, time, accuracy = said(Claim.SLOW, *lanes.lanes())
    assert examples == "training examples: 60,000"
    assert time == (
        "time to 90 % accuracy: 600 ms stochastic, 9.90 s mini-batch 64, batch not in 9.90 s"
    )
    assert "96.1 % stochastic (loss 0.140), " in accuracy
    assert accuracy.count("loss") == 3


def test_a_run_whose_name_does_not_say_its_strategy_is_told_with_it() -> None:
    batch, stochastic, _ = lanes.lanes()
    time, _ = said(Claim.FAST, replace(batch, name="run 2"), stochastic)
    assert "run 2 (batch) not in 9.90 s" in time


def test_leaving_a_poor_place_is_told_with_all_four_losses() -> None:
    settled = lanes.lane(0, "batch", seconds=90)
    went_on = lanes.further(settled, train_loss=0.2, test_loss=0.21)
    fork = lanes.forked(settled, 5, train_loss=0.1, test_loss=0.11)
    there, later, test = said(Claim.POOR_PLACE, went_on, fork)
    assert re.fullmatch(r"training loss there: 0\.\d{3,4} batch", there)
    assert later == "10.0 s later: 0.100 stochastic, 0.200 batch"
    assert test == "test loss now: 0.110 stochastic, 0.210 batch"


@pytest.mark.parametrize("runs", [(), (views.run_view(),), lanes.lanes(0.2)])
def test_what_is_not_tested_says_what_it_takes(runs: tuple[RunView, ...]) -> None:
    for verdict in verdicts(runs):
        if verdict.finding is Finding.NOT_TESTED:
            assert facts(verdict)[0].name == "it takes"


def test_each_finding_has_a_sign_of_its_own_also_without_colour() -> None:
    for ascii in (False, True):
        assert len({LOOKS[finding].mark(ascii) for finding in Finding}) == 3


# The panel


def race(**changes: object) -> Company:
    batch, stochastic, mini = lanes.lanes()
    runs = (batch, replace(stochastic, **changes), mini)  # type: ignore[arg-type]
    return views.company(*runs, race=lanes.race(runs))


async def shown(company: Company, size: tuple[int, int], *keys: str, ascii: bool = False) -> str:
    panel = VerdictsPanel(Display(ascii=ascii), now=Hands())
    stage = Stage(panel, ascii=ascii)
    async with stage.run_test(size=size) as pilot:
        panel.focus()
        await pilot.pause()
        panel.show_company(company)
        await pilot.press(*keys)
        await pilot.pause()
        return stage.text


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


async def test_where_there_is_room_every_claim_stands_with_its_finding_and_numbers() -> None:
    text = words(await shown(race(), (100, 30)))
    for claim in Claim:
        finding = "not tested" if claim is Claim.POOR_PLACE else "seen here"
        assert f"{claim} {finding}" in text
    assert text.count("accuracy at") == 2
    assert "✓ 4 seen here, ○ 1 not tested" in text


async def test_a_claim_that_was_not_seen_says_so() -> None:
    company = race(reached={}, history=lanes.lane(1, "stochastic", tests=()).history)
    text = words(await shown(company, (100, 30)))
    assert "○ stochastic is fast not tested" in text
    slow = views.company(
        lanes.lane(0, "batch", reached={0.8: Moment(1, 1, 0.5)}),
        lanes.lane(1, "stochastic", reached={0.8: Moment(1, 1, 5.0)}),
    )
    assert "✗ stochastic is fast not seen here" in words(await shown(slow, (100, 30)))


@pytest.mark.parametrize("place", [0, 1, 2, 4])
async def test_where_it_is_small_all_claims_stand_and_the_chosen_one_has_its_numbers(
    place: int,
) -> None:
    text = await shown(race(), (34, 14), *["down"] * place)
    lines = text.splitlines()
    assert sum(line[2] in "✓✗○" for line in lines) >= 4
    chosen = next(y for y, line in enumerate(lines) if line[1] == "▸")
    first = facts(verdicts(race().runs)[place])[0].name.split()[0]
    assert any(first in line for line in lines[chosen + 1 : chosen + 3])


async def test_the_border_counts_the_findings_in_as_many_words_as_fit() -> None:
    assert "✓ 4 seen here, ○ 1 not tested ─╯" in await shown(race(), (50, 14))
    assert "─ ✓ 4  ○ 1 ─╯" in await shown(race(), (34, 14))


async def test_up_and_down_stop_at_the_ends() -> None:
    assert "▸○ stochastic can leave" in await shown(race(), (34, 16), *["down"] * 9)
    assert "▸✓ batch: one" in await shown(race(), (34, 16), "down", "up", "up")


async def test_a_click_on_a_claim_shows_its_numbers() -> None:
    panel = VerdictsPanel(Display(), now=Hands())
    stage = Stage(panel)
    async with stage.run_test(size=(34, 14)) as pilot:
        panel.show_company(race())
        await pilot.pause()
        place = next(y for y, line in enumerate(stage.text.splitlines()) if "is fast" in line)
        await pilot.click(panel, offset=(10, place))
        await pilot.pause()
        assert "▸✓ stochastic is fast" in stage.text
        assert "time to 90 %" in stage.text


async def test_no_number_is_torn_from_its_unit() -> None:
    for width in range(36, 64):
        text = await shown(race(), (width, 44))
        assert not re.search(r"\d\s*│\s*│\s*(ms|s|µs|%|updates|example)\b", text)


async def test_numbers_change_no_more_than_twice_a_second_but_findings_at_once() -> None:
    hands = Hands()
    panel = VerdictsPanel(Display(), now=hands)
    stage = Stage(panel)
    async with stage.run_test(size=(100, 30)) as pilot:
        panel.show_company(race(trembling=0.51))
        hands.time = 0.4
        panel.show_company(race(trembling=0.52))
        await pilot.pause()
        assert "0.510 stochastic" in stage.text
        hands.time = 0.5
        panel.show_company(race(trembling=0.53))
        await pilot.pause()
        assert "0.530 stochastic" in stage.text
        panel.show_company(race(trembling=None))
        await pilot.pause()
        assert "0.530 stochastic" not in stage.text


async def test_ascii_is_seven_bits() -> None:
    text = await shown(race(), (100, 30), ascii=True)
    assert text.isascii()
    assert ">+ batch" in text
    assert "7.50 us" in text


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = VerdictsPanel(Display(), now=Hands())
    stage = Stage(panel)
    async with stage.run_test(size=size) as pilot:
        panel.show_company(race())
        panel.focus()
        await pilot.press("down")
        await pilot.resize_terminal(80, 30)
        await pilot.pause()
        assert "stochastic is fast" in stage.text
