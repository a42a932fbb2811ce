"""What a run shows of its strategy, in the chapter's sense and this run's measured numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log

from core.models.catalog import MODELS
from core.snapshot import Evaluation, RunView, State
from core.strategies import STRATEGIES
from tui.format import count, number, percent
from tui.moments import wordings
from tui.score import r_squared, score_of
from tui.strategies import SHOWN
from tui.taking_back import said_of_z

_SETTLED = 4_000  # examples after which the running mean of the loss can be trusted
# In units of what guessing misses by: what a run that begins stays below, what one that had
# learnt stays below, and what shows that it had.
_FRESH, _LOST, _LEARNT = 1.1, 0.95, 0.8


def explain(run: RunView) -> list[str]:
    """Sentences on the run as it stands, the most telling first; every number was measured."""
    if run.loop:
        return [*_loop(run)]
    situation = _SITUATIONS[run.state] if run.glimpse is None else _then
    return [*situation(run)]


def _loop(run: RunView) -> Iterator[str]:
    """Of a loop that is not ours."""
    if run.state is State.FINISHED:
        yield "The loop has come to its end; q leaves, and shows what it printed."
    elif run.state is State.PAUSED:
        yield "The loop waits before its next batch; space goes on, . takes one update."
    else:
        yield "This loop is your own: gd-tui looks on, and can have it wait between two batches."
    if run.loop and run.loop.fixed:
        yield f"Its batch size stays: {run.loop.fixed}."
    yield from SHOWN[run.config.strategy].story(run)
    yield "Forks, undo, saving and the exact gradient need a run of gd_tui.engine."


def _then(run: RunView) -> Iterator[str]:
    """Of a moment that is looked at."""
    moments = (each for each in run.timeline.moments if each.id == run.glimpse)
    what = next((f", {wordings(each)[0]}" for each in moments), "")
    yield f"This is update {count(run.at.updates)}{what}; escape leads back to now."
    yield "In the timeline, enter returns to it, and f forks from it."
    yield from SHOWN[run.config.strategy].story(run)


def _ready(run: RunView) -> Iterator[str]:
    yield from _remarks(run)
    yield SHOWN[run.config.strategy].expectation(run)
    yield "Press space to start, or . to make one update."
    yield f"The keys 1 to {len(STRATEGIES)} change the strategy, also while it trains."


def _running(run: RunView) -> Iterator[str]:
    yield from _trouble(run)
    yield from _remarks(run)
    yield from SHOWN[run.config.strategy].story(run)


def _remarks(run: RunView) -> Iterator[str]:
    """Numbers that have left their healthy range."""
    for remark in run.remarks:
        yield f"{remark.text[0].upper()}{remark.text[1:]}."


def _trouble(run: RunView) -> Iterator[str]:
    """What goes wrong under any strategy."""
    if run.learning_rate == 0:
        yield "The schedule has brought the learning rate to 0: the weights stand still."
    if run.train_loss is None or run.at.examples < _SETTLED:
        return
    of_classes = bool(run.data.classes)
    said = _lost_among_classes(run, run.train_loss) if of_classes else _lost_among_numbers(run)
    if said:
        yield f"{said}: the learning rate may be too high."
        yield _way_out(run)


def _lost_among_classes(run: RunView, loss: float) -> str:
    """Whether it does no better than to guess; of other losses that is not known."""
    config = run.config
    usual = config.loss == "auto" and config.model in MODELS  # one's own may bring a loss
    if not usual and config.loss != "cross-entropy":
        return ""
    guessing = log(len(run.data.classes))
    had_learnt = run.best is not None and run.best.loss < _LEARNT * guessing
    if loss <= guessing * (_LOST if had_learnt else _FRESH):
        return ""
    return f"The loss, {number(loss)}, is no better than that of guessing, {number(guessing)}"


def _lost_among_numbers(run: RunView) -> str:
    """The same of numbers, of which R² tells: 0 is that of always telling their mean."""
    test, best = run.evaluation, run.best
    if test is None or test.r2 is None or test.at.examples < _SETTLED:
        return ""
    had_learnt = best is not None and best.r2 is not None and 1 - best.r2 < _LEARNT
    if 1 - test.r2 <= (_LOST if had_learnt else _FRESH):
        return ""
    said = r_squared(test.r2)
    return f"The test R², {said}, is no better than that of always telling the mean, 0"


def _way_out(run: RunView) -> str:
    said = said_of_z(run)
    if not said:
        return f"The key - lowers the learning rate ({number(run.learning_rate)} now)."
    return f"z {said}; - lowers the learning rate."


def _paused(run: RunView) -> Iterator[str]:
    yield "Paused; space goes on."
    yield from _running(run)


def _finished(run: RunView) -> Iterator[str]:
    yield f"Done: {run.reason}." if run.reason else "Done."
    if run.best is not None:
        yield f"At its best, at epoch {number(run.best.at.epoch)}, {_how_well(run, run.best)}."
    yield "Space goes on from here."


def _how_well(run: RunView, best: Evaluation) -> str:
    if run.data.classes:
        return f"it was right on {percent(best.accuracy)} of the test set"
    return f"its {score_of(run).said(best)} was the highest"


def _diverged(run: RunView) -> Iterator[str]:
    yield (
        "The loss is not a number any more, so the update that led there was not made. "
        "A learning rate that is too high is the usual cause."
    )
    yield _way_out(run)


def _failed(run: RunView) -> Iterator[str]:
    yield "Training stopped because something went wrong, not because of the strategy."
    if run.reason:
        yield f"{run.reason.rstrip('.')}."


def _loading(_run: RunView) -> Iterator[str]:
    yield "The data and the network are being prepared."


_SITUATIONS: dict[State, Callable[[RunView], Iterator[str]]] = {
    State.LOADING: _loading,
    State.READY: _ready,
    State.RUNNING: _running,
    State.PAUSED: _paused,
    State.FINISHED: _finished,
    State.DIVERGED: _diverged,
    State.FAILED: _failed,
}
