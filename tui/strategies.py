"""How each strategy of core is shown: its colour and sign, and the words for what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.snapshot import RunView
from tui.display import BLUE, GREEN, ORANGE, Look
from tui.format import count, duration, number, plural

_OFTEN = 1.5  # how many times another's cost makes a comparison worth a sentence


@dataclass(frozen=True, slots=True)
class Shown:
    """A strategy on the screen.

    `expectation` says what to expect of it, before the first update; `story` what the run shows
    of it, the most telling sentence first, with no number that was not measured.
    """

    look: Look
    expectation: Callable[[RunView], str]
    story: Callable[[RunView], Iterator[str]]


def _expect_of_batch(run: RunView) -> str:
    return (
        f"All {count(run.training_examples)} examples will decide each update: "
        "expect few, costly updates that bring the loss down steadily."
    )


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


def _expect_of_stochastic(_run: RunView) -> str:
    return "One example will decide each update: expect fast updates and a path that trembles."


def _stochastic(run: RunView) -> Iterator[str]:
    yield f"One example decides each update, so the path trembles{_swing(run)}."
    yield _pace(run)
    cost, whole = (run.seconds_per_update.get(name) for name in ("stochastic", "batch"))
    if cost and whole and whole > _OFTEN * cost:
        yield f"One batch update takes as long as {number(whole / cost)} of these."


def _expect_of_mini_batch(run: RunView) -> str:
    return (
        f"{plural(run.examples_per_update, 'example')} will decide each update: "
        "expect something between the speed of one and the calm of all."
    )


def _mini_batch(run: RunView) -> Iterator[str]:
    size = run.examples_per_update
    decide = "1 example decides" if size == 1 else f"{count(size)} examples decide"
    yield f"{decide} each update; their quirks partly cancel out{_swing(run)}."
    yield _pace(run)
    cost, single = (run.seconds_per_update.get(name) for name in ("mini-batch", "stochastic"))
    if cost and single:
        each, alone = duration(cost / size), duration(single)
        yield f"That is {each} for each example; stochastic took {alone}."


def _swing(run: RunView) -> str:
    """How much the loss trembles, once that was measured."""
    if run.trembling is None or run.train_loss is None:
        return ""
    return f": the loss swings by {number(run.trembling)} around its mean, {number(run.train_loss)}"


def _pace(run: RunView) -> str:
    """What an update costs, as far as that was measured, and how many make an epoch."""
    cost = run.seconds_per_update.get(run.config.strategy)
    epoch = f"epoch is {plural(run.updates_per_epoch, 'update')}."
    return f"An update costs {duration(cost)}; an {epoch}" if cost else f"An {epoch}"


# One for each strategy of core.strategies, by its name.
SHOWN = {
    "batch": Shown(Look(BLUE, "■", "B"), _expect_of_batch, _batch),
    "stochastic": Shown(Look(ORANGE, "●", "S"), _expect_of_stochastic, _stochastic),
    "mini-batch": Shown(Look(GREEN, "▲", "M"), _expect_of_mini_batch, _mini_batch),
}
