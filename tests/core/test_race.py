"""What a race is made of: budgets as they are typed, and a lane for each combination."""

from __future__ import annotations

import pytest

from core.config import configure
from core.errors import UserError
from core.racing.race import MOST_RUNS, Budget, BudgetKind, lanes, lanes_like, of_strategies
from core.snapshot import Clock

BUDGET = BudgetKind()


@pytest.mark.parametrize(
    ("typed", "budget", "words"),
    [
        ("seconds:10", Budget(Clock.SECONDS, 10.0), "10 training seconds"),
        (" Seconds: 0.5 ", Budget(Clock.SECONDS, 0.5), "0.5 training seconds"),
        ("seconds:1", Budget(Clock.SECONDS, 1.0), "1 training second"),
        ("examples:60,000", Budget(Clock.EXAMPLES, 60_000.0), "60,000 examples"),
        ("updates:500", Budget(Clock.UPDATES, 500.0), "500 updates"),
    ],
)
def test_a_budget_is_read_as_it_is_typed(typed: str, budget: Budget, words: str) -> None:
    assert BUDGET.parse(typed) == budget
    assert budget.in_words == words
    assert BUDGET.parse(BUDGET.write(budget)) == budget


@pytest.mark.parametrize(
    "typed", ["", "10", "seconds", "seconds:0", "seconds:-1", "updates:1.5", "epochs:3", "x:1"]
)
def test_a_budget_that_means_nothing_is_refused_with_what_is_allowed(typed: str) -> None:
    with pytest.raises(UserError, match=r"is not allowed: it must be seconds:X, examples:N"):
        BUDGET.parse(typed)


def test_the_race_of_the_chapter_differs_in_the_strategy_alone() -> None:
    base = configure({"lr": 0.02, "seed": 3, "batch_size": 32})
    racers = of_strategies(base)
    assert [lane.name for lane in racers] == ["batch", "stochastic", "mini-batch 32"]
    assert [lane.config.changed("strategy", "batch") for lane in racers] == [
        base.changed("strategy", "batch")
    ] * 3


def test_lists_make_every_combination() -> None:
    racers = lanes(configure({}), {"lr": ["0.1", "0.01"], "optimizer": ["sgd", "adam"]})
    assert [(lane.name, lane.config.learning_rate) for lane in racers] == [
        ("SGD, lr 0.1", 0.1),
        ("SGD, lr 0.01", 0.01),
        ("Adam, lr 0.1", 0.1),
        ("Adam, lr 0.01", 0.01),
    ]


def test_the_same_lane_twice_is_one() -> None:
    assert len(lanes(configure({}), {"strategy": ["batch", "batch"]})) == 1


def test_the_budget_alone_ends_a_race() -> None:
    racers = of_strategies(configure({"epochs": 2, "speed": 10}))
    assert not any(lane.config.stops or lane.config.speed for lane in racers)


def test_runs_race_again_from_the_same_weights() -> None:
    named = {"one": configure({"seed": 1, "epochs": 1}), "two": configure({"seed": 2})}
    racers = lanes_like(configure({"seed": 5}), named)
    assert [(lane.name, lane.config.seed) for lane in racers] == [("one", 5), ("two", 5)]
    assert not racers[0].config.stops


def test_too_many_or_nobody_is_refused() -> None:
    with pytest.raises(UserError, match=f"9 runs in one race are too many: .* {MOST_RUNS}"):
        lanes(configure({}), {"batch_size": range(1, 10)})
    with pytest.raises(UserError, match="nobody races"):
        lanes(configure({}), {"strategy": []})
