"""What a run shows of its strategy, in the chapter's sense and this run's measured numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log

from core.snapshot import RunView, State
from core.strategies import STRATEGIES
from tui.format import count, number, percent
from tui.moments import wordings
from tui.strategies import SHOWN
from tui.taking_back import said_of_z

_SETTLED = 4_000  # examples after which the running mean of the loss can be trusted
# In units of the loss of guessing: what a run that begins stays below, what one that had learnt
# stays below, and what shows that it had.
_FRESH, _LOST, _LEARNT = 1.1, 0.95, 0.8


def explain(run: RunView) -> list[str]:
    """Sentences on the run as it stands, the most telling first; every number was measured."""
    situation = _SITUATIONS[run.state] if run.glimpse is None else _then
    return [*situation(run)]


def _then(run: RunView) -> Iterator[str]:
    """Of a moment that is looked at."""
    moments = (each for each in run.timeline.moments if each.id == run.glimpse)
    what = next((f", {wordings(each)[0]}" for each in moments), "")
    yield f"This is update {count(run.at.updates)}{what}; escape leads back to now."
    yield "In the timeline, enter returns to it, and f forks from it."
    yield from SHOWN[run.config.strategy].story(run)


def _ready(run: RunView) -> Iterator[str]:
    yield SHOWN[run.config.strategy].expectation(run)
    yield "Press space to start, or . to make one update."
    yield f"The keys 1 to {len(STRATEGIES)} change the strategy, also while it trains."


def _running(run: RunView) -> Iterator[str]:
    yield from _trouble(run)
    yield from SHOWN[run.config.strategy].story(run)


def _trouble(run: RunView) -> Iterator[str]:
    """What goes wrong under any strategy."""
    if run.learning_rate == 0:
        yield "The schedule has brought the learning rate to 0: the weights stand still."
    if run.train_loss is None or run.at.examples < _SETTLED:
        return
    guessing = log(len(run.config.data_spec.classes))
    had_learnt = run.best is not None and run.best.loss < _LEARNT * guessing
    if run.train_loss > guessing * (_LOST if had_learnt else _FRESH):
        yield (
            f"The loss, {number(run.train_loss)}, is no better than that of guessing, "
            f"{number(guessing)}: the learning rate may be too high."
        )
        yield _way_out(run)


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
        share, epoch = percent(run.best.accuracy), number(run.best.at.epoch)
        yield f"At its best, at epoch {epoch}, it was right on {share} of the test set."
    yield "Space goes on from here."


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
