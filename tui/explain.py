"""What a run shows of its strategy, in the chapter's sense and this run's measured numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, log

from core.snapshot import RunView, State
from tui.format import count, duration, number, percent, plural

_OFTEN = 1.5  # how many times another's cost makes a comparison worth a sentence
_SETTLED = 4_000  # examples after which the running mean of the loss can be trusted
# In units of the loss of guessing: what a run that begins stays below, what one that had learnt
# stays below, and what shows that it had.
_FRESH, _LOST, _LEARNT = 1.1, 0.95, 0.8


def explain(run: RunView) -> list[str]:
    """Sentences on the run as it stands, the most telling first; every number was measured."""
    return [*_SITUATIONS[run.state](run)]


def _ready(run: RunView) -> Iterator[str]:
    yield _EXPECTATIONS[run.config.strategy](run)
    yield "Press space to start, or . to make one update."
    yield "The keys 1, 2 and 3 change the strategy, also while it trains."


def _running(run: RunView) -> Iterator[str]:
    yield from _trouble(run)
    yield from _STRATEGIES[run.config.strategy](run)


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
            f"{number(guessing)}: the steps are too long."
        )
        yield _way_back(run)


def _way_back(run: RunView) -> str:
    if run.way_back is None:
        return f"The key - lowers the learning rate ({number(run.learning_rate)} now)."
    return (
        f"z goes back to update {count(run.way_back.updates)}, where all was well, "
        "and to the settings of then; - lowers the learning rate."
    )


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
    yield "The loss is not a number any more: each step overshot by more than the one before."
    yield _way_back(run)


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

_EXPECTATIONS: dict[str, Callable[[RunView], str]] = {
    "batch": lambda run: (
        f"All {count(run.training_examples)} examples will decide each update: "
        "expect few, costly steps that go down steadily."
    ),
    "stochastic": lambda _run: (
        "One example will decide each update: expect fast steps and a path that trembles."
    ),
    "mini-batch": lambda run: (
        f"{plural(run.examples_per_update, 'example')} will decide each update: "
        "expect something between the speed of one and the calm of all."
    ),
}


def _batch(run: RunView) -> Iterator[str]:
    first = f"All {count(run.training_examples)} examples decide each update, so the loss goes down"
    if run.trembling is None:
        yield f"{first} steadily."
    else:
        yield f"{first} steadily: it trembles by {number(run.trembling)}."
    cost = run.seconds_per_update.get("batch")
    takes = f" and takes {duration(cost)}" if cost else ""
    yield f"The price: one update needs a whole pass over the data{takes}."
    single = run.seconds_per_update.get("stochastic")
    if cost and single and cost > _OFTEN * single:
        yield f"In that time stochastic makes {number(cost / single)} updates."


def _stochastic(run: RunView) -> Iterator[str]:
    yield f"One example decides each update, so the path trembles{_swing(run)}."
    yield _pace(run)
    cost, whole = (run.seconds_per_update.get(name) for name in ("stochastic", "batch"))
    if cost and whole and whole > _OFTEN * cost:
        yield f"One batch update takes as long as {number(whole / cost)} of these."


def _mini_batch(run: RunView) -> Iterator[str]:
    size = run.examples_per_update
    decide = "1 example decides" if size == 1 else f"{count(size)} examples decide"
    yield f"{decide} each update; their quirks partly cancel out{_swing(run)}."
    yield _pace(run)
    cost, single = (run.seconds_per_update.get(name) for name in ("mini-batch", "stochastic"))
    if cost and single:
        each, alone = duration(cost / size), duration(single)
        yield f"That is {each} for each example; stochastic took {alone}."


_STRATEGIES: dict[str, Callable[[RunView], Iterator[str]]] = {
    "batch": _batch,
    "stochastic": _stochastic,
    "mini-batch": _mini_batch,
}


def _swing(run: RunView) -> str:
    """How much the loss trembles, once that was measured."""
    if run.trembling is None or run.train_loss is None:
        return ""
    return f": the loss swings by {number(run.trembling)} around its mean, {number(run.train_loss)}"


def _pace(run: RunView) -> str:
    """What an update costs, as far as that was measured, and how many make an epoch."""
    cost = run.seconds_per_update.get(run.config.strategy)
    per_epoch = plural(ceil(run.training_examples / run.examples_per_update), "update")
    return (
        f"An update costs {duration(cost)}; an epoch is {per_epoch}."
        if cost
        else (f"An epoch is {per_epoch}.")
    )
