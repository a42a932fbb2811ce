"""Updates per second of several contenders, by turns, so that a busy moment hurts all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple, Protocol, TypeVar

_TRIALS = 3
_ENOUGH = 5.0  # seconds after which a contender is known well enough


class Round(NamedTuple):
    """So many updates in so many seconds."""

    updates: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.updates / self.seconds


class Contender(Protocol):
    """Something that makes updates; `how` says in a few words in which way."""

    @property
    def name(self) -> str: ...

    @property
    def how(self) -> str: ...

    def train(self, seconds: float) -> Round:
        """Go on for so long, or a little longer, but for at least one update."""
        ...


AContender = TypeVar("AContender", bound=Contender)


@dataclass(frozen=True, slots=True)
class Loop:
    """A contender of this process: each step of `updates` says how many it made, for ever.

    `prepare` is called before each round, to set what is not the loop's own, such as threads.
    """

    name: str
    how: str
    updates: Iterator[int]
    prepare: Callable[[], object] = lambda: None
    clock: Callable[[], float] = time.perf_counter

    def train(self, seconds: float) -> Round:
        self.prepare()
        made, began = 0, self.clock()
        while True:
            made += next(self.updates)
            took = self.clock() - began
            if took >= seconds:
                return Round(made, took)


@dataclass(frozen=True, slots=True)
class Best:
    """Several ways to do the same: in each round every one of them goes, and the best counts."""

    name: str
    ways: Sequence[Contender]

    @property
    def how(self) -> str:
        return " or ".join(way.how for way in self.ways)

    def train(self, seconds: float) -> Round:
        return max((way.train(seconds) for way in self.ways), key=lambda one: one.per_second)


@dataclass(frozen=True, slots=True)
class Rate:
    """What a contender reached, in updates per second: one figure for each of its rounds."""

    contender: str
    how: str
    rounds: tuple[float, ...]

    @property
    def per_second(self) -> float | None:
        """The median; None if it was not measured, for which `how` gives the reason."""
        return median(self.rounds) if self.rounds else None


def compete(contenders: Sequence[Contender], rounds: int, seconds: float) -> list[Rate]:
    """Let each train for `seconds` in each of `rounds`.

    A round before the first warms up. Who needed very long for it takes no other, and then it
    counts.
    """
    reached: dict[str, list[Round]] = {each.name: [] for each in contenders}
    for _ in range(1 + rounds):
        for each in contenders:
            before = reached[each.name]
            if sum(one.seconds for one in before) < _ENOUGH:
                before.append(each.train(seconds))
    return [Rate(each.name, each.how, _that_count(reached[each.name])) for each in contenders]


def fastest(ways: Sequence[AContender], seconds: float) -> AContender:
    """The one of several ways to do the same that proves fastest in a few short trials."""
    best: dict[int, float] = dict.fromkeys(range(len(ways)), 0.0)
    for _ in range(1 + _TRIALS):
        for number, way in enumerate(ways):
            best[number] = max(best[number], way.train(seconds).per_second)
    return ways[max(best, key=lambda number: best[number])]


def _that_count(rounds: list[Round]) -> tuple[float, ...]:
    return tuple(each.per_second for each in rounds[1:] or rounds)
