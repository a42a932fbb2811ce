"""The columns of the panel of runs: the figures of each, and a line on how their race stands."""

from __future__ import annotations

from collections.abc import Callable

from core.racing.standing import standing
from core.snapshot import MILESTONES, Clock, Evaluation, Moment, RunView, State
from tui import format as fmt
from tui.company import Company
from tui.score import ACCURACY, R_SQUARED, Score, score_of
from tui.table import Column, Entry, Value, entries

_LARGE = 9_999_999  # counts above it are written in millions


def outlook(company: Company, *, ascii: bool) -> tuple[str, ...]:
    """How the race stands, or how many runs there are: in full, then in fewer words."""
    race = company.race
    lanes = [row for row in entries(company) if row.spent is not None]
    if race is None or not lanes:
        return (_counted(company),)
    score = score_of(company.run)
    leader = _ahead([lane.run for lane in lanes], race.budget.clock, score)
    sign = company.looks[leader.id].mark(ascii) if leader else ""
    who = f", {score.ahead} {sign} {leader.name}" if leader else ""
    if race.over:
        return f"race of {race.budget.in_words} over{who}", f"race over{who}"
    spent = f"{fmt.percent(max(lane.spent or 0 for lane in lanes), 0)} spent"
    return f"race of {race.budget.in_words}: {spent}{who}", f"{spent}{who}"


def _ahead(runs: list[RunView], clock: Clock, score: Score) -> RunView | None:
    """The run that is best on the test set at the place that all who still race have reached."""
    racing = [run for run in runs if run.state not in (State.DIVERGED, State.FAILED)]
    stands = standing(racing, clock, score.measure)
    if stands is None or stands.is_level:
        return None
    best, _ = stands.ranking[0]
    return next(run for run in runs if run.id == best)


def columns(score: Score, *, racing: bool) -> tuple[Column, ...]:
    """The columns of the table of runs that are judged by `score`, the most important first."""
    judged = _OF_CLASSES if score is ACCURACY else _OF_NUMBERS
    return (*judged, _SPENT) if racing else judged


def _counted(company: Company) -> str:
    hidden = len(company.runs) - len(company.visible)
    return fmt.plural(len(company.runs), "run") + (f", {hidden} hidden" if hidden else "")


def _whole(value: Value) -> str:
    """A count in at most nine characters: 9,999,999, then 12.35M."""
    if value is None or value <= _LARGE:
        return fmt.count(None if value is None else int(value))
    return f"{value / 1e6:,.2f}M"


def _hundredths(value: Value) -> str:
    return fmt.MISSING if value is None else f"{value:,.2f}"


def _or_not_yet(write: Callable[[Value], str]) -> Callable[[Value], str]:
    return lambda value: "not yet" if value is None else write(value)


def _of_run(pick: Callable[[RunView], Value]) -> Callable[[Entry], Value]:
    return lambda entry: pick(entry.run)


def _at(pick: Callable[[Moment], Value]) -> Callable[[Entry], Value]:
    return lambda entry: pick(entry.run.at)


def _of(
    evaluation: Callable[[RunView], Evaluation | None], pick: Callable[[Evaluation], Value]
) -> Callable[[Entry], Value]:
    def value(entry: Entry) -> Value:
        made = evaluation(entry.run)
        return None if made is None else pick(made)

    return value


def _tested(pick: Callable[[Evaluation], Value]) -> Callable[[Entry], Value]:
    return _of(lambda run: run.evaluation, pick)


def _best(pick: Callable[[Evaluation], Value]) -> Callable[[Entry], Value]:
    return _of(lambda run: run.best, pick)


def _to(accuracy: float) -> tuple[Column, Column]:
    """What it took to be right on so much of the test set: seconds, and examples."""

    def reached(pick: Callable[[Moment], float]) -> Callable[[Entry], Value]:
        def value(entry: Entry) -> Value:
            at = entry.run.reached.get(accuracy)
            return None if at is None else pick(at)

        return value

    share = fmt.percent(accuracy, 0)
    seconds, examples = reached(lambda at: at.seconds), reached(lambda at: at.examples)
    return (
        Column(f"s to {share}", 10, seconds, _or_not_yet(fmt.number), min),
        Column(f"ex. to {share}", 12, examples, _or_not_yet(_whole), min),
    )


def _judged_by(score: Score) -> tuple[Column, ...]:
    return (
        Column(score.name, 9, _tested(score.of), score.text, max),
        *_COLUMNS,
        Column("best", 8, _best(score.of), score.text, max),
        Column("at epoch", 9, _best(lambda best: best.at.epoch), _hundredths),
    )


_COLUMNS = (
    Column("test loss", 10, _tested(lambda test: test.loss), fmt.number, min),
    Column("updates", 10, _at(lambda at: at.updates), _whole),
    Column("seconds", 9, _at(lambda at: at.seconds), _hundredths),
    Column("train loss", 11, _of_run(lambda run: run.train_loss), fmt.number, min),
    Column(
        "an update",
        11,
        _of_run(lambda run: run.seconds_per_update.get(run.config.strategy)),
        fmt.duration,
        min,
    ),
    Column("examples", 10, _at(lambda at: at.examples), _whole),
    Column("trembling", 10, _of_run(lambda run: run.trembling), fmt.number),
)
_OF_NUMBERS = _judged_by(R_SQUARED)
_OF_CLASSES = (
    *_judged_by(ACCURACY),
    *(column for accuracy in MILESTONES for column in _to(accuracy)),
)
_SPENT = Column("spent", 8, lambda entry: entry.spent, lambda share: fmt.percent(share, 0))
