"""The chapter's claims are decided by measurement, and by fair comparisons only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import configure
from core.racing.claims import (
    Claim,
    Finding,
    Lack,
    Parting,
    Shaking,
    Verdict,
    WholePass,
    verdicts,
)
from core.racing.contest import Contest
from core.snapshot import Evaluation, Event, Moment, Phase, RunView
from tests.tui import lanes, views

SEEN, NOT_SEEN, NOT_TESTED = Finding


def on(claim: Claim, *runs: RunView) -> Verdict:
    """The verdict on one claim, from these runs."""
    return next(verdict for verdict in verdicts(runs) if verdict.claim is claim)


def switched(run: RunView) -> RunView:
    """The run, had it begun by another strategy."""
    phases = (Phase("mini-batch", 64, Moment()), *run.history.phases)
    return replace(run, history=replace(run.history, phases=phases))


def test_there_is_a_verdict_on_each_claim_in_the_chapters_order() -> None:
    assert [verdict.claim for verdict in verdicts(lanes.lanes())] == [*Claim]


@pytest.mark.parametrize("runs", [(), (views.run_view(updates=0),), (views.run_view(),)])
def test_what_nothing_was_measured_of_is_not_tested(runs: tuple[RunView, ...]) -> None:
    for verdict in verdicts(runs):
        assert verdict.finding is NOT_TESTED
        assert verdict.evidence is None
        assert verdict.lack


def test_the_race_of_the_chapter_shows_all_that_a_race_can_show() -> None:
    found = [verdict.finding for verdict in verdicts(lanes.lanes())]
    assert found == [SEEN, SEEN, SEEN, SEEN, NOT_TESTED]


@pytest.mark.parametrize("claim", [Claim.FAST, Claim.SLOW])
def test_who_is_sooner_is_not_tested_where_numbers_are_told(claim: Claim) -> None:
    runs = [replace(run, data=replace(run.data, classes=())) for run in lanes.lanes()]
    verdict = on(claim, *runs)
    assert (verdict.finding, verdict.lack) == (NOT_TESTED, Lack.ACCURACY)
    assert on(Claim.TREMBLES, *runs).finding is SEEN


@pytest.mark.parametrize("claim", [Claim.WHOLE_PASS, Claim.TREMBLES, Claim.FAST, Claim.SLOW])
def test_a_run_that_switched_is_no_evidence_for_a_strategy(claim: Claim) -> None:
    batch, stochastic, mini = (switched(run) for run in lanes.lanes())
    assert on(claim, batch, stochastic, mini).finding is NOT_TESTED


def test_a_run_that_is_switching_is_no_evidence_although_its_history_is_a_moment_older() -> None:
    batch = lanes.lane(0, "batch")
    batch = replace(batch, config=batch.config.changed("strategy", "stochastic"))
    assert on(Claim.WHOLE_PASS, batch).finding is NOT_TESTED


# What a whole pass costs


def test_an_update_of_batch_is_counted_and_timed() -> None:
    batch, stochastic, _ = lanes.lanes()
    verdict = on(Claim.WHOLE_PASS, batch, stochastic)
    assert isinstance(verdict.evidence, WholePass)
    assert verdict.evidence.examples == verdict.evidence.updates * views.EXAMPLES
    assert verdict.evidence.seconds == pytest.approx(0.45)
    assert verdict.evidence.single == pytest.approx(7.5e-6)


def test_an_update_from_less_than_all_examples_speaks_against_it() -> None:
    batch = lanes.lane(0, "batch")
    partly = replace(batch, at=replace(batch.at, examples=batch.at.examples - 1))
    assert on(Claim.WHOLE_PASS, partly).finding is NOT_SEEN


def test_the_cost_of_stochastic_is_taken_from_a_like_run_only() -> None:
    unlike = lanes.lane(1, "stochastic", config=configure({"optimizer": "adam"}))
    verdict = on(Claim.WHOLE_PASS, lanes.lane(0, "batch"), unlike)
    assert isinstance(verdict.evidence, WholePass)
    assert verdict.evidence.single is None


# Which runs are compared


@pytest.mark.parametrize(
    "setting", [{"lr": 0.5}, {"optimizer": "adam"}, {"seed": 3}, {"order": "fixed"}]
)
@pytest.mark.parametrize("claim", [Claim.TREMBLES, Claim.FAST])
def test_runs_that_differ_in_more_than_the_strategy_are_not_compared(
    setting: dict[str, object], claim: Claim
) -> None:
    other = lanes.lane(1, "stochastic", config=configure(setting))
    verdict = on(claim, lanes.lane(0, "batch"), other)
    assert (verdict.finding, verdict.lack) == (NOT_TESTED, Lack.PAIR)


def test_stop_conditions_and_the_pace_of_evaluations_make_runs_no_less_alike() -> None:
    config = configure({"epochs": 3, "speed": 100, "eval_every": 777})
    other = lanes.lane(1, "stochastic", config=config)
    assert on(Claim.FAST, lanes.lane(0, "batch"), other).finding is SEEN


@pytest.mark.parametrize(
    ("what", "updates", "tested"),
    [("lr", 500, False), ("lr", 0, True), ("speed", 500, True), ("stepper", 500, True)],
)
def test_a_run_that_was_steered_on_its_way_is_not_compared(
    what: str, updates: int, tested: bool
) -> None:
    batch, stochastic, _ = lanes.lanes()
    stochastic = replace(stochastic, events=(Event(1, Moment(updates), what, "1", "2"),))
    assert (on(Claim.FAST, batch, stochastic).finding is SEEN) is tested


def test_the_lanes_of_the_race_come_before_other_runs() -> None:
    batch, stochastic, _ = lanes.lanes()
    old = lanes.lane(7, "batch", trembling=0.9)
    verdict = verdicts((old, batch, stochastic), lanes.race((batch, stochastic)))[1]
    assert isinstance(verdict.evidence, Shaking)
    assert verdict.evidence.batch.spread == batch.trembling


# Trembling


def trembling(cosine: tuple[float, float] | None, spread: tuple[float, float]) -> Verdict:
    """The verdict for mean cosines and spreads of stochastic and batch."""
    runs = []
    for place, name in enumerate(("stochastic", "batch")):
        run = lanes.lane(place, name, trembling=spread[place])
        assert run.steadiness
        seen = replace(run.steadiness, cosine=cosine[place]) if cosine else None
        runs.append(replace(run, steadiness=seen))
    return on(Claim.TREMBLES, *runs)


@pytest.mark.parametrize(
    ("cosine", "spread", "found"),
    [
        (None, (0.30, 0.001), SEEN),
        (None, (0.30, 0.16), NOT_SEEN),  # not twice as much
        ((0.03, 0.99), (0.30, 0.001), SEEN),
        ((0.80, 0.99), (0.30, 0.001), NOT_SEEN),  # its updates hardly turn
        ((0.03, 0.99), (0.30, 0.30), NOT_SEEN),
    ],
)
def test_the_loss_must_tremble_and_once_it_is_watched_the_path_too(
    cosine: tuple[float, float] | None, spread: tuple[float, float], found: Finding
) -> None:
    verdict = trembling(cosine, spread)
    assert verdict.finding is found
    assert isinstance(verdict.evidence, Shaking)
    assert (verdict.evidence.stochastic.spread, verdict.evidence.batch.spread) == spread


def test_the_spread_of_a_few_updates_is_not_trusted() -> None:
    batch = lanes.lane(0, "batch", seconds=4)
    verdict = on(Claim.TREMBLES, batch, lanes.lane(1, "stochastic"))
    assert (verdict.finding, verdict.lack) == (NOT_TESTED, Lack.UPDATES)


# Who is sooner there


def reaching(id: int, strategy: str, seconds: float, reached: dict[float, float]) -> RunView:
    """A run of so many seconds, tested to the last, that reached accuracies at seconds."""
    at = {share: Moment(1, 1, when) for share, when in reached.items()}
    run = lanes.lane(id, strategy, seconds=seconds, tests=(), reached=at)
    return replace(run, evaluation=Evaluation(run.at, 1.0, 0.5))


def test_what_was_not_tested_lately_may_have_got_there() -> None:
    batch = reaching(0, "batch", 10, {})
    stale = replace(batch, evaluation=Evaluation(Moment(1, 60_000, 0.45), 2.2, 0.2))
    stochastic = reaching(1, "stochastic", 10, {0.8: 5.0})
    assert on(Claim.FAST, batch, stochastic).finding is SEEN
    assert on(Claim.FAST, stale, stochastic).finding is NOT_TESTED


@pytest.mark.parametrize(
    ("batch", "stochastic", "found", "target"),
    [
        ({0.8: 5.0}, {0.8: 0.2}, SEEN, 0.8),
        ({0.8: 0.21}, {0.8: 0.2}, NOT_SEEN, 0.8),  # not clearly
        ({0.8: 0.2}, {0.8: 5.0}, NOT_SEEN, 0.8),
        ({}, {0.8: 0.2}, SEEN, 0.8),  # batch has had longer, and is not there
        ({0.8: 0.2}, {}, NOT_SEEN, 0.8),
        ({}, {0.8: 9.5}, NOT_TESTED, None),  # batch may yet get there as soon
        ({0.8: 5.0}, {0.8: 0.2, 0.9: 0.6}, SEEN, 0.9),
        ({0.8: 5.0, 0.9: 6.0}, {0.8: 0.2, 0.9: 9.0}, NOT_SEEN, 0.9),  # the higher one tells more
        ({0.8: 5.0}, {0.8: 0.2, 0.9: 9.5}, SEEN, 0.8),  # nothing can be told of the higher one yet
        ({}, {}, NOT_TESTED, None),
    ],
)
def test_the_highest_accuracy_that_can_tell_decides_who_is_fast(
    batch: dict[float, float],
    stochastic: dict[float, float],
    found: Finding,
    target: float | None,
) -> None:
    runs = reaching(0, "batch", 10, batch), reaching(1, "stochastic", 10, stochastic)
    verdict = on(Claim.FAST, *runs)
    assert verdict.finding is found
    if found is NOT_TESTED:
        assert verdict.lack is Lack.TESTS
    else:
        assert isinstance(verdict.evidence, Contest)
        assert verdict.evidence.target == target


def test_whoever_begins_at_an_accuracy_has_not_got_there() -> None:
    began = {0.8: Moment()}
    batch = lanes.lane(0, "batch", tests=(), reached=began)
    stochastic = lanes.lane(1, "stochastic", tests=(), reached=began)
    assert on(Claim.FAST, batch, stochastic).finding is NOT_TESTED


@pytest.mark.parametrize(
    ("accuracy", "found"), [(0.70, SEEN), (0.615, SEEN), (0.605, NOT_SEEN), (0.50, NOT_SEEN)]
)
def test_before_anyone_is_anywhere_the_accuracy_at_an_equal_time_decides(
    accuracy: float, found: Finding
) -> None:
    batch = lanes.lane(0, "batch", tests=((0, 0.1, 2.3), (2, 0.6, 1.5)))
    tests = ((0.0, 0.1, 2.3), (2.0, accuracy, 1.0), (3.0, 0.79, 0.9))
    stochastic = lanes.lane(1, "stochastic", tests=tests)
    verdict = on(Claim.FAST, batch, stochastic)
    assert verdict.finding is found
    assert isinstance(verdict.evidence, Contest)
    assert verdict.evidence.time == 2
    assert verdict.evidence.batch.accuracy == pytest.approx(0.6)
    assert [other.accuracy for other in verdict.evidence.others] == [pytest.approx(accuracy)]


times = st.dictionaries(st.sampled_from([0.8, 0.9, 0.95]), st.floats(0.01, 10))


@given(times, times)
def test_stochastic_is_not_called_fast_where_batch_was_sooner_everywhere(
    quick: dict[float, float], late: dict[float, float]
) -> None:
    slow = {share: quick[share] + late[share] for share in quick.keys() & late.keys()}
    runs = reaching(0, "batch", 10, quick), reaching(1, "stochastic", 10, slow)
    assert on(Claim.FAST, *runs).finding is not SEEN


# Large data


def test_on_large_data_batch_is_held_against_the_best_of_the_others() -> None:
    batch = reaching(0, "batch", 10, {0.8: 2.0})
    stochastic = reaching(1, "stochastic", 10, {0.8: 3.0})
    mini = reaching(2, "mini-batch", 10, {0.8: 0.5})
    assert on(Claim.SLOW, batch, stochastic).finding is NOT_SEEN
    verdict = on(Claim.SLOW, batch, stochastic, mini)
    assert verdict.finding is SEEN
    assert isinstance(verdict.evidence, Contest)
    assert [pace.name for pace in verdict.evidence.others] == ["stochastic", "mini-batch 64"]


def test_small_data_say_nothing_of_large_data() -> None:
    runs = [replace(run, training_examples=9_999) for run in lanes.lanes()]
    verdict = on(Claim.SLOW, *runs)
    assert (verdict.finding, verdict.lack) == (NOT_TESTED, Lack.LARGE_DATA)


# Leaving a poor place

SETTLED = lanes.lane(0, "batch", seconds=90, train_loss=0.100)  # its curve ends at 0.1 or so


def experiment(
    batch: tuple[float, float], stochastic: tuple[float, float], *, seconds: float = 10
) -> Verdict:
    """The verdict where batch and its fork came to these training and test losses."""
    went_on = lanes.further(SETTLED, train_loss=batch[0], test_loss=batch[1])
    fork = lanes.forked(
        SETTLED, 5, train_loss=stochastic[0], test_loss=stochastic[1], seconds=seconds
    )
    return on(Claim.POOR_PLACE, went_on, fork)


def at_the_fork() -> float:
    verdict = experiment((9, 9), (9, 9))
    assert isinstance(verdict.evidence, Parting)
    return verdict.evidence.before


@pytest.mark.parametrize(
    ("training", "test", "found"),
    [
        (0.5, 0.5, SEEN),
        (0.94, 0.94, SEEN),
        (0.96, 0.5, NOT_SEEN),
        (0.5, 0.96, NOT_SEEN),  # lower on the training set only
        (1.2, 1.2, NOT_SEEN),
    ],
)
def test_stochastic_must_get_clearly_lower_on_both_sets(
    training: float, test: float, found: Finding
) -> None:
    before = at_the_fork()
    there = (0.98 * before, 1.1 * before)
    verdict = experiment(there, (training * there[0], test * there[1]))
    assert verdict.finding is found
    assert isinstance(verdict.evidence, Parting)
    assert verdict.evidence.batch.training == there[0]
    assert verdict.evidence.spent.seconds == pytest.approx(10)


def test_where_batch_itself_goes_on_falling_it_had_not_settled() -> None:
    before = at_the_fork()
    verdict = experiment((0.9 * before, before), (0.1 * before, 0.1 * before))
    assert (verdict.finding, verdict.lack) == (NOT_TESTED, Lack.SETTLED)
    assert verdict.evidence is not None


def test_unequal_budgets_are_not_compared() -> None:
    before = at_the_fork()
    verdict = experiment((before, before), (0.1 * before, 0.1 * before), seconds=20)
    assert (verdict.finding, verdict.lack) == (NOT_TESTED, Lack.BUDGET)


@pytest.mark.parametrize(("over", "found"), [(False, NOT_TESTED), (True, SEEN)])
def test_a_race_of_the_two_is_judged_when_it_is_over(over: bool, found: Finding) -> None:
    before = at_the_fork()
    went_on = lanes.further(SETTLED, train_loss=before, test_loss=before)
    fork = lanes.forked(SETTLED, 5, train_loss=0.5 * before, test_loss=0.5 * before)
    runs = (went_on, fork)
    assert verdicts(runs, lanes.race(runs, over=over))[-1].finding is found


def test_a_start_that_both_were_forked_to_serves_as_well_as_the_run_itself() -> None:
    before = at_the_fork()
    went_on = lanes.further(SETTLED, train_loss=before, test_loss=before)
    twin = replace(
        went_on,
        id=4,
        name="run 4",
        parent="batch",
        parent_id=SETTLED.id,
        forked_at=SETTLED.at,
    )
    fork = lanes.forked(SETTLED, 5, train_loss=0.5 * before, test_loss=0.5 * before)
    assert on(Claim.POOR_PLACE, twin, fork).finding is SEEN


def test_it_does_not_matter_which_of_the_two_is_the_fork() -> None:
    before = at_the_fork()
    went_on = lanes.further(SETTLED, train_loss=before, test_loss=before)
    turned = lanes.forked(SETTLED, 5, train_loss=0.5 * before, test_loss=0.5 * before)
    original = replace(turned, parent="", parent_id=None, forked_at=None)
    fork = replace(
        went_on,
        id=4,
        name="run 4",
        parent=original.name,
        parent_id=original.id,
        forked_at=SETTLED.at,
    )
    assert on(Claim.POOR_PLACE, original, fork).finding is SEEN


def test_runs_of_different_pasts_are_not_compared() -> None:
    before = at_the_fork()
    stranger = replace(
        lanes.further(SETTLED, train_loss=before, test_loss=before), id=4, name="run 4"
    )
    fork = lanes.forked(SETTLED, 5, train_loss=0.5 * before, test_loss=0.5 * before)
    verdict = on(Claim.POOR_PLACE, stranger, fork)
    assert (verdict.finding, verdict.lack) == (NOT_TESTED, Lack.FORK)
