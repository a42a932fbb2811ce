"""The chapter's claims, each decided by what the runs at hand have measured, and nothing else.

What counts as evidence for a strategy is a run that never trained by another. Two runs are
compared only if they are alike in all but the strategy, and nothing that matters was changed in
either while it trained. The thresholds below leave out what chance alone may do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.racing.contest import Contest, contest
from core.racing.likeness import all_by, likes, pair_of, parted
from core.snapshot import Clock, Moment, RaceView, RunView

LARGE = 10_000  # examples from which a training set is called large
FEW = 10  # updates: the spread of the loss over fewer is mostly chance
SHAKIER = 2.0  # times the spread of the loss; from FEW updates it is known to a third or so
TURNING = 0.25  # of the mean cosine between two updates, which is 1 straight on, 0 at random
LOWER = 0.05  # of a loss; chance may move a mean over 4,000 examples so far: two must agree
EQUAL = 0.10  # of the greater of two budgets: an update of batch may be under way


class Claim(StrEnum):
    """What the chapter says."""

    WHOLE_PASS = "batch: one update costs a pass over the data"
    TREMBLES = "stochastic: the path trembles"
    FAST = "stochastic is fast"
    SLOW = "for large data batch is slow"
    POOR_PLACE = "stochastic can leave a poor place"


class Finding(StrEnum):
    """What the measurements say of a claim."""

    SEEN = "seen here"
    NOT_SEEN = "not seen here"
    NOT_TESTED = "not tested"


class Lack(StrEnum):
    """What is missing where a claim is not tested."""

    BATCH = "a run by batch alone that has made an update"
    PAIR = "a run by batch alone and one by stochastic alone, otherwise alike"
    RIVAL = "a run by batch alone and one by another strategy, otherwise alike"
    UPDATES = f"{FEW} updates or more of each run"
    TESTS = "more training, to tell them apart"
    ACCURACY = "classes to be told: who is sooner is judged by test accuracy"
    LARGE_DATA = f"a training set of {LARGE:,} examples or more"
    FORK = "a run by batch whose loss no longer falls, and a fork of it by stochastic"
    BUDGET = "the same budget spent by both since they parted"
    SETTLED = "a place where batch has settled: here its loss still fell"


@dataclass(frozen=True, slots=True)
class WholePass:
    """A run by batch: its `updates` took `examples` in all, one of them takes so many `seconds`.

    `single` is the seconds of an update of a like run by stochastic, if there is one.
    """

    updates: int
    examples: int
    seconds: float
    training_examples: int
    single: float | None


@dataclass(frozen=True, slots=True)
class Shake:
    """How a run trembles: see RunView.trembling and Steadiness."""

    spread: float
    cosine: float | None
    detour: float | None


@dataclass(frozen=True, slots=True)
class Shaking:
    """Two runs, alike but for the strategy; the path was watched over so many `updates`."""

    stochastic: Shake
    batch: Shake
    updates: int | None


@dataclass(frozen=True, slots=True)
class Losses:
    """The latest loss on the training set and on the test set."""

    training: float
    test: float


@dataclass(frozen=True, slots=True)
class Parting:
    """Two runs that parted at `start`, where batch had the training loss `before`.

    `spent` is the training of the batch run since then.
    """

    start: Moment
    before: float
    spent: Moment
    batch: Losses
    stochastic: Losses


Evidence = WholePass | Shaking | Contest | Parting


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim, what was found, and the measured numbers; or what is lacking to test it."""

    claim: Claim
    finding: Finding
    evidence: Evidence | None = None
    lack: Lack | None = None


def verdicts(runs: Sequence[RunView], race: RaceView | None = None) -> tuple[Verdict, ...]:
    """A verdict on each claim; where several runs could serve, those of the race come first."""
    lanes = race.lanes if race else ()
    runs = sorted(runs, key=lambda run: run.id not in lanes)
    return (
        _whole_pass(runs),
        _trembles(runs),
        _fast(runs),
        _slow(runs),
        _poor_place(runs, race),
    )


def _whole_pass(runs: Sequence[RunView]) -> Verdict:
    """Seen if every update of a run by batch took each training example once."""
    claim = Claim.WHOLE_PASS
    batch = next((run for run in all_by(runs, "batch") if run.at.updates), None)
    if batch is None:
        return _untested(claim, Lack.BATCH)
    at, n = batch.at, batch.training_examples
    like = [run for run in likes(batch, runs, "stochastic") if run.at.updates]
    single = like[0].seconds_per_update.get("stochastic") if like else None
    cost = batch.seconds_per_update.get("batch", at.seconds / at.updates)
    evidence = WholePass(at.updates, at.examples, cost, n, single)
    return _found(claim, at.examples == at.updates * n, evidence)


def _trembles(runs: Sequence[RunView]) -> Verdict:
    """Seen if the loss of stochastic spreads SHAKIER than that of batch.

    Once both paths were watched, its updates must also turn by more: see TURNING. How long a
    detour is decides nothing: of 16 single examples one may move more than all others together.
    """
    claim = Claim.TREMBLES
    pair = pair_of(runs)
    if pair is None:
        return _untested(claim, Lack.PAIR)
    batch, stochastic = (_shake(run) for run in pair)
    if batch is None or stochastic is None:
        return _untested(claim, Lack.UPDATES)
    seen = stochastic.spread > SHAKIER * batch.spread
    if batch.cosine is not None and stochastic.cosine is not None:
        seen = seen and stochastic.cosine < batch.cosine - TURNING
    watched = pair[1].steadiness
    return _found(claim, seen, Shaking(stochastic, batch, watched.updates if watched else None))


def _fast(runs: Sequence[RunView]) -> Verdict:
    """Seen if stochastic is clearly ahead of batch, as `Contest` has it."""
    pair = pair_of(runs)
    if pair is None:
        return _untested(Claim.FAST, Lack.PAIR)
    return _settle(Claim.FAST, pair[0], [pair[1]])


def _slow(runs: Sequence[RunView]) -> Verdict:
    """Seen if, on LARGE data, the best of the other strategies is clearly ahead of batch."""
    claim = Claim.SLOW
    for batch in all_by(runs, "batch"):
        others = [*likes(batch, runs, "stochastic"), *likes(batch, runs, "mini-batch")]
        if others and batch.training_examples < LARGE:
            return _untested(claim, Lack.LARGE_DATA)
        if others:
            return _settle(claim, batch, others)
    return _untested(claim, Lack.RIVAL)


def _poor_place(runs: Sequence[RunView], race: RaceView | None) -> Verdict:
    """Seen if stochastic got LOWER than batch, on both sets, from where batch had settled.

    Batch had settled if, in the same budget, its own loss did not get LOWER.
    """
    claim = Claim.POOR_PLACE
    forks = next(parted(runs), None)
    if forks is None:
        return _untested(claim, Lack.FORK)
    batch, stochastic, start = forks
    evidence = _parting(batch, stochastic, start)
    if evidence is None or evidence.spent.updates < FEW:
        return _untested(claim, Lack.UPDATES)
    racing = race and not race.over and {batch.id, stochastic.id} <= {*race.lanes}
    if racing or not any(_equal(batch, stochastic, start, clock) for clock in Clock):
        return _untested(claim, Lack.BUDGET, evidence)
    if evidence.batch.training < (1 - LOWER) * evidence.before:
        return _untested(claim, Lack.SETTLED, evidence)
    there, here = evidence.batch, evidence.stochastic
    lower = here.training < (1 - LOWER) * there.training and here.test < (1 - LOWER) * there.test
    return _found(claim, lower, evidence)


def _found(claim: Claim, seen: bool, evidence: Evidence) -> Verdict:
    return Verdict(claim, Finding.SEEN if seen else Finding.NOT_SEEN, evidence)


def _untested(claim: Claim, lack: Lack, evidence: Evidence | None = None) -> Verdict:
    return Verdict(claim, Finding.NOT_TESTED, evidence, lack)


def _shake(run: RunView) -> Shake | None:
    if run.trembling is None or run.at.updates < FEW:
        return None
    path = run.steadiness
    return Shake(run.trembling, path.cosine if path else None, path.detour if path else None)


def _settle(claim: Claim, batch: RunView, others: Sequence[RunView]) -> Verdict:
    """Seen if batch is clearly behind the best of the others, as `Contest` has it."""
    if not batch.data.classes:
        return _untested(claim, Lack.ACCURACY)
    evidence = contest(batch, others)
    behind = evidence.batch_is_behind
    if behind is None:
        return _untested(claim, Lack.TESTS)
    return _found(claim, behind, evidence)


def _parting(batch: RunView, stochastic: RunView, start: Moment) -> Parting | None:
    """What became of two runs since they parted; None where one was not tested since."""
    curve = batch.history.train_loss[Clock.UPDATES]
    place = int(curve.x.searchsorted(start.updates, side="right")) - 1
    here, there = _losses(batch, start), _losses(stochastic, start)
    if place < 0 or here is None or there is None:
        return None
    return Parting(start, float(curve.last[place]), _since(batch, start), here, there)


def _losses(run: RunView, start: Moment) -> Losses | None:
    test = run.evaluation
    if test is None or run.train_loss is None or test.at.updates <= start.updates:
        return None
    return Losses(run.train_loss, test.loss)


def _since(run: RunView, start: Moment) -> Moment:
    at = run.at
    return Moment(
        at.updates - start.updates,
        at.examples - start.examples,
        at.seconds - start.seconds,
        at.epoch - start.epoch,
    )


def _equal(one: RunView, other: RunView, start: Moment, clock: Clock) -> bool:
    less, more = sorted(_since(run, start).on(clock) for run in (one, other))
    return more > 0 and more - less <= EQUAL * more
