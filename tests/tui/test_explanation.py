"""What you see is put into words, with nothing but measured numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import configure
from core.snapshot import Evaluation, Moment, State
from core.strategies import STRATEGIES
from tests.tui import views
from tests.tui.stage import Hands, Stage
from tui.display import Display
from tui.explain import explain
from tui.widgets.explanation import ExplanationPanel, fitting

BATCH, MINI = configure({"strategy": "batch"}), configure({"batch_size": 64})


def said(state: State = State.RUNNING, **changes: object) -> str:
    return " ".join(explain(views.run_view(state, **changes)))  # type: ignore[arg-type]


def test_stochastic_speaks_of_the_path_that_trembles() -> None:
    text = said(trembling=0.31, train_loss=0.214)
    assert "the loss swings by 0.310 around its mean, 0.214" in text
    assert "An update costs 7.40 µs; an epoch is 60,000 updates." in text
    assert "One batch update takes as long as 61,200 of these." in text


def test_batch_speaks_of_the_price_of_an_update() -> None:
    text = said(config=BATCH, trembling=0.0004)
    assert "All 60,000 examples decide each update" in text
    assert "it trembles by 0.000400" in text
    assert "one update needs a whole pass over the data and takes 453 ms" in text


def test_mini_batch_counts_the_updates_of_an_epoch() -> None:
    text = said(config=MINI)
    assert "64 examples decide each update" in text
    assert "An update costs 370 µs; an epoch is 938 updates." in text
    assert "That is 5.78 µs for each example; stochastic took 7.40 µs." in text


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_what_was_not_measured_is_not_said(strategy: str, state: State) -> None:
    config = configure({"strategy": strategy})
    text = said(state, config=config, trembling=None, train_loss=None, seconds_per_update={})
    assert not re.search(r"\d\.\d|µs|ms", text)
    assert "-" not in text.replace("mini-batch", "")


def test_strategies_that_were_not_tried_are_not_compared() -> None:
    text = said(seconds_per_update={"stochastic": 7.4e-6})
    assert "batch" not in text


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_before_the_start_it_says_what_to_expect_and_which_key_begins(strategy: str) -> None:
    text = said(State.READY, updates=0, config=configure({"strategy": strategy}))
    assert "expect" in text
    assert "Press space to start" in text


def test_a_pause_says_how_to_go_on() -> None:
    assert said(State.PAUSED).startswith("Paused; space goes on.")


def test_the_end_says_why_and_how_well() -> None:
    text = said(State.FINISHED, reason="5 epochs made")
    assert "Done: 5 epochs made." in text
    assert "94.4 % of the test set" in text


def test_divergence_says_the_way_back() -> None:
    changed = views.timeline(undo=5)
    text = said(State.DIVERGED, way_back=Moment(updates=12_000), timeline=changed)
    assert "not a number" in text
    assert "z goes back to update 12,000, and the settings of then" in text
    undone = said(State.DIVERGED, timeline=changed)
    assert "z takes back learning rate 0.01 → 0.1, back to update 90,000" in undone
    lost = said(State.DIVERGED, learning_rate=3.0)
    assert "- lowers the learning rate (3.00 now)" in lost
    assert not re.search(r"\bz\b", lost)


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
@pytest.mark.parametrize("loss", [2.30, 27.1])
def test_what_was_learnt_and_lost_is_put_down_to_the_learning_rate(
    state: State, loss: float
) -> None:
    way_back = Moment(updates=12_000)
    text = said(state, train_loss=loss, way_back=way_back, timeline=views.timeline(undo=9))
    assert "is no better than that of guessing, 2.30: the learning rate may be too high." in text
    assert "z takes back optimizer SGD → Adam, back to update 96,000" in text
    unchanged = said(state, train_loss=loss, way_back=way_back)
    assert "The key - lowers the learning rate" in unchanged
    assert not re.search(r"\bz\b", unchanged)


def test_a_moment_that_is_looked_at_is_said_to_be_one_with_the_ways_from_there() -> None:
    run = views.looking_back(views.run_view(timeline=views.timeline()), 5)
    assert run.then
    text = " ".join(explain(run.then))
    assert text.startswith("This is update 90,000, before learning rate 0.01 → 0.1")
    assert "escape leads back to now" in text
    assert "enter returns to it, and f forks from it" in text
    assert "Paused" not in text


@pytest.mark.parametrize(("updates", "loss"), [(100, 27.1), (144_601, 1.9), (144_601, None)])
def test_a_run_that_begins_or_learns_is_not_warned(updates: int, loss: float | None) -> None:
    assert "guessing" not in said(updates=updates, train_loss=loss)


@pytest.mark.parametrize(("loss", "warned"), [(2.31, False), (2.7, True)])
def test_a_run_that_never_learnt_is_warned_only_if_it_gets_worse(loss: float, warned: bool) -> None:
    untaught = Evaluation(Moment(), 2.31, 0.1)
    assert ("guessing" in said(train_loss=loss, best=untaught)) is warned


def test_a_schedule_that_has_ended_is_said() -> None:
    assert "brought the learning rate to 0" in said(learning_rate=0.0)
    assert "brought" not in said()


def test_a_failure_gives_its_reason_once() -> None:
    assert said(State.FAILED, reason="out of memory.").endswith("out of memory.")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("updates", [0, 5])
def test_there_are_words_for_every_situation(state: State, strategy: str, updates: int) -> None:
    assert said(state, updates=updates, config=configure({"strategy": strategy}))


sentences = st.lists(
    st.text("abc ", min_size=1, max_size=60).map(str.strip).filter(len), min_size=1
)


@given(sentences, st.integers(0, 60), st.integers(0, 8))
def test_the_first_sentence_is_always_said_and_none_is_broken_off(
    sentences: list[str], width: int, height: int
) -> None:
    text = fitting(sentences, width, height)
    beginnings = [" ".join(sentences[:n]) for n in range(1, len(sentences) + 1)]
    assert text in beginnings


async def test_numbers_change_no_more_than_twice_a_second() -> None:
    hands = Hands()
    panel = ExplanationPanel(Display(), now=hands)
    app = Stage(panel)
    async with app.run_test(size=(60, 12)) as pilot:
        panel.show(views.run_view(trembling=0.5))
        hands.time = 0.4
        panel.show(views.run_view(trembling=0.6))
        await pilot.pause()
        assert "0.500" in app.text
        hands.time = 0.5
        panel.show(views.run_view(trembling=0.7))
        await pilot.pause()
        assert "0.700" in app.text


async def test_another_situation_is_explained_at_once() -> None:
    panel = ExplanationPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=(60, 12)) as pilot:
        panel.show(views.run_view())
        panel.show(views.run_view(config=BATCH))
        await pilot.pause()
        assert "All 60,000 examples" in app.text
        panel.show(views.run_view(State.PAUSED, config=BATCH))
        await pilot.pause()
        assert "Paused" in app.text


async def test_ascii_is_seven_bits() -> None:
    panel = ExplanationPanel(Display(ascii=True), now=Hands())
    app = Stage(panel, ascii=True)
    async with app.run_test(size=(60, 12)) as pilot:
        panel.show(views.run_view())
        await pilot.pause()
        assert app.text.isascii()
        assert "7.40 us" in app.text


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (200, 60)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    panel = ExplanationPanel(Display(), now=Hands())
    app = Stage(panel)
    async with app.run_test(size=size) as pilot:
        panel.show(views.run_view())
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert "One example decides" in app.text
