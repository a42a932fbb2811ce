"""Figures are renewed a few times a second; what a person did, at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.config import configure
from core.snapshot import Event, Moment, Notice, RunView, Saving, Snapshot, State
from tests.tui.lanes import lane, lanes, race
from tests.tui.piloted import Piloted, piloted
from tests.tui.stage import Hands
from tests.tui.views import run_view, snapshot, timeline
from tui.renewal import OF_SEVERAL, SECONDS, Renewal
from tui.widgets.loss import LossPanel
from tui.widgets.progress import ProgressPanel

FIRST = snapshot(run_view())


def trained_on(shown: Snapshot, **changes: object) -> Snapshot:
    """The next snapshot of the run, `updates` further or as the changes say."""
    run = replace(shown.run, at=Moment(200_000), **changes)  # type: ignore[type-var]
    return replace(shown, revision=shown.revision + 1, runs=(run,))


def test_a_run_that_trains_on_is_drawn_a_few_times_a_second() -> None:
    hands, shown, drawn = Hands(), FIRST, 0
    renewal = Renewal(hands)
    for _ in range(20):
        drawn += renewal.due(shown)
        hands.time += 0.05
        shown = trained_on(shown)
    assert drawn == 1 / SECONDS


def test_what_waited_is_drawn_when_it_is_time_though_nothing_newer_has_come() -> None:
    hands = Hands()
    renewal = Renewal(hands)
    later = trained_on(FIRST)
    assert renewal.due(FIRST)
    assert not renewal.due(later)
    hands.time += SECONDS
    assert renewal.due(later)
    assert not renewal.due(later)


NEWS: list[Callable[[Snapshot], Snapshot]] = [
    lambda shown: trained_on(shown, state=State.PAUSED),
    lambda shown: trained_on(shown, config=configure({"lr": 0.5})),
    lambda shown: trained_on(shown, events=(Event(99, Moment(), "stepper"),)),
    lambda shown: trained_on(shown, glimpse=3),
    lambda shown: trained_on(shown, timeline=timeline(undo=5)),
    lambda shown: trained_on(shown, timeline=timeline(redo=7)),
    lambda shown: trained_on(shown, saving=Saving("/runs/a", trouble="not saved: disk full")),
    lambda shown: replace(trained_on(shown), notice=Notice(1, "no")),
    lambda shown: replace(trained_on(shown), error="disk on fire"),
]


@pytest.mark.parametrize("happens", NEWS)
def test_news_are_drawn_at_once(happens: Callable[[Snapshot], Snapshot]) -> None:
    renewal = Renewal(Hands())
    assert renewal.due(FIRST)
    assert renewal.due(happens(FIRST))


RUNS = lanes()
RACE = snapshot(runs=RUNS, race=race(RUNS))
NEWS_OF_SEVERAL: dict[str, dict[str, Any]] = {
    "another is selected": {"selected": 2},
    "another came to rest": {"runs": (*RUNS[:2], replace(RUNS[2], state=State.FINISHED))},
    "another was renamed": {"runs": (*RUNS[:2], replace(RUNS[2], name="third"))},
    "one was forked": {"runs": (*RUNS, lane(7, "batch"))},
    "one was put away": {"runs": RUNS[:2], "dropped": ("mini-batch 64",)},
    "the race is over": {"race": race(RUNS, over=True)},
}


@pytest.mark.parametrize("changes", NEWS_OF_SEVERAL.values(), ids=NEWS_OF_SEVERAL)
def test_news_of_several_runs_are_drawn_at_once(changes: dict[str, Any]) -> None:
    renewal = Renewal(Hands())
    assert renewal.due(RACE)
    assert renewal.due(replace(RACE, revision=2, **changes))


def test_that_others_train_on_is_drawn_when_it_is_time() -> None:
    hands = Hands()
    renewal = Renewal(hands)
    selected_rests = (replace(RUNS[0], state=State.PAUSED), *RUNS[1:])
    shown = replace(RACE, runs=selected_rests)
    assert renewal.due(shown)
    other = replace(RUNS[1], at=Moment(2_000_000))
    later = replace(shown, revision=2, runs=(selected_rests[0], other, RUNS[2]))
    assert not renewal.due(later)
    hands.time += OF_SEVERAL
    assert renewal.due(later)


def test_other_digits_are_drawn_at_once() -> None:
    renewal = Renewal(Hands())
    digits = FIRST.run and FIRST.run.digits
    assert digits
    assert renewal.due(FIRST)
    others = replace(digits, indices=tuple(reversed(digits.indices)))
    assert renewal.due(trained_on(FIRST, digits=others))


def figures(on: Piloted) -> str:
    return on.cockpit.query_one(ProgressPanel).query_one(".body").text  # type: ignore[attr-defined]


def test_that_a_moment_was_kept_or_the_run_saved_is_no_news() -> None:
    renewal = Renewal(Hands())
    kept = {"timeline": timeline(), "saving": Saving("/runs/a", "a", Moment(199_000))}
    assert renewal.due(FIRST)
    assert not renewal.due(trained_on(FIRST, **kept))


async def test_between_two_renewals_only_the_sparkline_moves() -> None:
    hands = Hands()
    async with piloted(run_view(), now=hands) as on:
        sparkline = on.cockpit.query_one(LossPanel).sparkline

        async def pull(run: RunView) -> tuple[str, str]:
            on.engine.publish(run)
            on.cockpit.pull()
            await on.pilot.pause()
            return sparkline.render_line(1).text, figures(on)

        bars, said = await pull(run_view())
        later = run_view(updates=155_555, recent=np.linspace(3, 0, 300).astype("f4"))
        moved, same = await pull(later)
        assert moved != bars
        assert same == said
        hands.time += SECONDS
        _, renewed = await pull(later)
        assert "155,555" in renewed
