"""What the benchmark found: rates by batch size, and single figures beside their targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from core.optimizers.table import OPTIMIZERS
from tui.bench.rates import Rate

CHAPTER, PLAIN, WHOLE = "chapter", "plain", "plain, whole"
LIMIT = "limit"
BUSY = "processors busy before"  # what of the machine is told under this name
AUTOGRAD, FUSED = OURS = ("autograd", "fused")  # our steppers, by their names


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to reach: at least `bound`, or at most."""

    bound: float
    at_most: bool = False

    def met(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was measured, in `unit`, and how; None if not, for which `how` says why."""

    what: str
    value: float | None
    unit: str
    how: str
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None if there is none, or nothing was measured."""
        if self.target is None or self.value is None:
            return None
        return self.target.met(self.value)


@dataclass(frozen=True, slots=True)
class Row:
    """What each contender reached at one batch size, with one optimizer."""

    batch_size: int
    optimizer: str
    rates: tuple[Rate, ...]

    def rate(self, contender: str) -> float | None:
        """Its updates per second, if it took part and was measured."""
        found = [each.per_second for each in self.rates if each.contender == contender]
        return found[0] if found else None

    @property
    def ours(self) -> float | None:
        """The rate of the stepper that a run takes: the kernels, where they can be had."""
        return self.rate(FUSED) or self.rate(AUTOGRAD)

    def ours_over(self, contender: str) -> float | None:
        """The ratio of the medians. The best plain loop may be the one that takes all at once."""
        theirs = self.rate(contender)
        if contender == PLAIN and (whole := self.rate(WHOLE)):
            theirs = max(theirs or 0.0, whole)
        return self.ours / theirs if self.ours and theirs else None


@dataclass(frozen=True, slots=True)
class Results:
    """All of one benchmark; `machine` says on what and with what, `seconds` how long it took."""

    machine: dict[str, Any]
    quick: bool
    seconds: float
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]

    def as_json(self) -> dict[str, Any]:
        """The same for scripts: no value is left out, what was not measured is null."""
        return {
            "machine": self.machine,
            "quick": self.quick,
            "seconds": self.seconds,
            "rates": [_row_as_json(row) for row in self.rows],
            "figures": [
                asdict(figure) | {"met": figure.met} for figure in (*self.ratios, *self.figures)
            ],
        }

    @property
    def ratios(self) -> tuple[Figure, ...]:
        return tuple(_ratios(self.rows))


def _row_as_json(row: Row) -> dict[str, Any]:
    contenders = {
        rate.contender: {
            "updates_per_second": rate.per_second,
            "rounds": rate.rounds,
            "how": rate.how,
        }
        for rate in row.rates
    }
    return {
        "batch_size": row.batch_size,
        "optimizer": row.optimizer,
        "contenders": contenders,
        "ours_over_chapter": row.ours_over(CHAPTER),
        "ours_over_plain": row.ours_over(PLAIN),
    }


_NAMES = {
    CHAPTER: "the chapter's loop",
    PLAIN: "the best plain PyTorch loop",
    WHOLE: "plain PyTorch's update of the whole batch",
}
# (batch size, optimizer, contender): how many times as fast ours is to be. None is all examples.
_TARGETS = {
    (1, "sgd", CHAPTER): 45.0,
    (1, "adam", PLAIN): 8.0,
    (8, "sgd", PLAIN): 6.0,
    (64, "sgd", CHAPTER): 18.0,
    (64, "sgd", PLAIN): 1.6,
    (None, "sgd", WHOLE): 1.2,
}


def _ratios(rows: tuple[Row, ...]) -> Iterator[Figure]:
    """The ratios that have a target."""
    full = max((row.batch_size for row in rows), default=0)
    for (size, optimizer, contender), least in _TARGETS.items():
        for row in rows:
            if (row.batch_size, row.optimizer) == (size or full, optimizer):
                batch = f"batch size {row.batch_size:,}" if size else "full batch"
                yield Figure(
                    f"{batch}, {OPTIMIZERS[optimizer].torch_name}: ours over {_NAMES[contender]}",
                    row.ours_over(contender),
                    "times",
                    "ratio of the rates above",
                    Target(least),
                )
