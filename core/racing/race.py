"""Racing: lanes that start alike, and the budget that each of them may spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from core.config import STOP_CONDITIONS, RunConfig
from core.errors import UserError
from core.settings import Number, Whole, refuse
from core.snapshot import Clock
from core.strategies import STRATEGIES

MOST_RUNS = 8

# What lanes may differ in. An optimizer comes first: it brings its own learning rate.
DIMENSIONS = ("strategy", "batch_size", "optimizer", "lr")


@dataclass(frozen=True, slots=True)
class Budget:
    """What every lane may spend: so many training seconds, examples or updates."""

    clock: Clock
    amount: float

    def __str__(self) -> str:
        return f"{self.clock}:{self.amount:g}" if self.in_seconds else f"{self.clock}:{self.whole}"

    @property
    def in_seconds(self) -> bool:
        return self.clock is Clock.SECONDS

    @property
    def whole(self) -> int:
        return int(self.amount)

    @property
    def in_words(self) -> str:
        """What every lane may spend, in words: "10 training seconds", "60,000 examples"."""
        amount = f"{self.amount:,.6g}" if self.in_seconds else f"{self.whole:,}"
        unit = str(self.clock)[:-1] if self.amount == 1 else str(self.clock)
        return f"{amount} {'training ' if self.in_seconds else ''}{unit}"


@dataclass(frozen=True, slots=True)
class BudgetKind:
    """A budget as it is typed: "seconds:10", "examples:60,000", "updates:500"."""

    allowed: str = "seconds:X, examples:N or updates:N, each above 0, such as seconds:10"

    def parse(self, text: object) -> Budget:
        name, _, amount = str(text).strip().lower().partition(":")
        try:
            clock = Clock(name.strip())
            number = Number(0, 1e9, open_low=True) if clock is Clock.SECONDS else Whole(1)
            return Budget(clock, float(number.parse(amount)))
        except (ValueError, UserError):
            raise refuse(text, self.allowed) from None

    def write(self, value: Budget) -> str:
        return str(value)


DEFAULT_BUDGET = Budget(Clock.SECONDS, 10.0)


@dataclass(frozen=True, slots=True)
class Lane:
    """One who takes part: a name, and the settings it trains with."""

    name: str
    config: RunConfig


def lanes(base: RunConfig, chosen: Mapping[str, Sequence[object]]) -> tuple[Lane, ...]:
    """A lane for every combination of the values chosen for DIMENSIONS, otherwise as `base`.

    Raises UserError for a value that is not allowed, and for no lane or more than MOST_RUNS.
    """
    base = _unlimited(base)
    names = [name for name in DIMENSIONS if chosen.get(name)]
    made: list[Lane] = []
    if not names:
        raise UserError("nobody races: name at least one")
    for values in product(*(chosen[name] for name in names)):
        config = base
        for name, value in zip(names, values, strict=True):
            config = config.changed(name, value)
        lane = Lane(", ".join(_said(config, name) for name in names), config)
        if lane not in made:
            made.append(lane)
    if len(made) > MOST_RUNS:
        raise UserError(f"{len(made)} runs in one race are too many: there may be {MOST_RUNS}")
    return tuple(made)


def lanes_like(base: RunConfig, named: Mapping[str, RunConfig]) -> tuple[Lane, ...]:
    """A lane for each of these settings, all from the same initial weights and order as `base`."""
    return tuple(
        Lane(name, replace(_unlimited(config), seed=base.seed)) for name, config in named.items()
    )


def _unlimited(config: RunConfig) -> RunConfig:
    """Without stop conditions and speed limit: the budget decides."""
    without: dict[str, Any] = dict.fromkeys((*STOP_CONDITIONS, "speed"))
    return replace(config, **without)


def _said(config: RunConfig, name: str) -> str:
    """What sets a lane apart in one dimension: "mini-batch 64", "Adam", "lr 0.1"."""
    match name:
        case "optimizer":
            return config.optimizer_spec.torch_name
        case "lr":
            return f"lr {config.learning_rate:g}"
        case _:
            sized = config.strategy == "mini-batch"
            return f"{config.strategy} {config.batch_size:,}" if sized else config.strategy


def of_strategies(base: RunConfig) -> tuple[Lane, ...]:
    """The race of the chapter: the same run by each strategy."""
    return lanes(base, {"strategy": tuple(STRATEGIES)})
