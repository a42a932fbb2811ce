"""Tables of runs: what a column holds, which columns fit, and in which order the rows stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

from core.snapshot import RunView
from tui.company import Company

Value = float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A run as a row; `spent` is the share of the race's budget, of a run that takes part."""

    run: RunView
    spent: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of every run, right-aligned in `width` characters, the first of them a gap.

    `best` picks the better one of several values, where one is better than another.
    """

    heading: str
    width: int
    value: Callable[[Entry], Value]
    text: Callable[[Value], str]
    best: Callable[[Iterable[float]], float] | None = None

    @property
    def falls(self) -> bool:
        """Whether a table sorted by it begins with the largest: the best, or the most."""
        return self.best is not min

    def cell(self, entry: Entry) -> str:
        return self.text(self.value(entry))[: self.width - 1].rjust(self.width)


def entries(company: Company) -> tuple[Entry, ...]:
    """A row for each run, in their order."""
    race = company.race
    spent = {i: part / race.budget.amount for i, part in race.spent.items()} if race else {}
    return tuple(Entry(run, spent.get(run.id)) for run in company.runs)


def in_order(rows: Sequence[Entry], by: Column | None, *, falling: bool) -> tuple[Entry, ...]:
    """The rows sorted by a column, those without a value last; without one, as they came.

    Rows of equal value stay as they came.
    """
    if by is None:
        return tuple(reversed(rows)) if falling else tuple(rows)

    def key(row: Entry) -> tuple[bool, float]:
        value = _known(by.value(row))
        if value is None:
            return True, 0.0
        return False, -value if falling else value

    return tuple(sorted(rows, key=key))


def fitting(columns: Sequence[Column], room: int, wanted: Column | None) -> tuple[Column, ...]:
    """As many whole columns as fit into `room` characters, from the first.

    Where the one that is wanted is not among them, those before it make room for it.
    """
    first = 0
    fits = _from_the_first(columns, room)
    while wanted in columns and wanted not in fits and first < len(columns):
        first += 1
        fits = _from_the_first(columns[first:], room)
    return fits


def _from_the_first(columns: Sequence[Column], room: int) -> tuple[Column, ...]:
    fits = 0
    for column in columns:
        room -= column.width
        if room < 0:
            break
        fits += 1
    return tuple(columns[:fits])


def leaders(column: Column, rows: Iterable[Entry]) -> frozenset[int]:
    """The ids of the runs that are best in a column; none where there is nothing to compare."""
    values = {row.run.id: _known(column.value(row)) for row in rows}
    known = [value for value in values.values() if value is not None]
    if column.best is None or len(known) < 2 or min(known) == max(known):
        return frozenset()
    best = column.best(known)
    return frozenset(i for i, value in values.items() if value == best)


def _known(value: Value) -> Value:
    return value if value is not None and isfinite(value) else None
