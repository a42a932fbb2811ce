"""The table of a race for people: Rich's on a terminal, in plain aligned text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.racing.race import Budget
from core.racing.summary import Row, figure
from core.snapshot import MILESTONES
from core.summary import Status
from tui.format import MISSING, count, duration, number, percent, plural
from tui.score import r_squared

_GAP = 2  # characters between two columns


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of `core.racing.summary`: its heading, where it is in a row, how it is written."""

    heading: str
    path: tuple[str, ...]
    text: Callable[[float | None], str]

    def of_run(self, row: Row) -> str:
        return self.text(figure(row, *self.path))

    def of_lane(self, lane: Row) -> str:
        """Its mean over the lane's runs, and how far they spread around it."""
        mean, spread = (figure(lane[name], *self.path) for name in ("mean", "spread"))
        if mean is None:
            return MISSING
        return self.text(mean) if spread is None else f"{self.text(mean)} ± {self.text(spread)}"


@dataclass(frozen=True, slots=True)
class Columns:
    """A table column by column, each with its heading first; the first one names the rows."""

    cells: tuple[tuple[str, ...], ...]

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(max(map(len, column)) for column in self.cells)

    def fitting(self, room: int) -> Columns:
        """As many whole columns as fit into so many characters; the first two always do."""
        fits = len(self.cells)
        while fits > 2 and sum(self.widths[:fits]) + _GAP * (fits - 1) > room:
            fits -= 1
        return Columns(self.cells[:fits])

    def lines(self) -> Iterator[str]:
        for name, *figures in zip(*self.cells, strict=True):
            padded = [cell.rjust(w) for cell, w in zip(figures, self.widths[1:], strict=True)]
            yield (" " * _GAP).join([name.ljust(self.widths[0]), *padded])


def show(table: Mapping[str, Any], budget: Budget) -> None:
    """Print the table on standard output: the budget, the runs, the lanes, and who is ahead.

    The lanes are left out where there was one seed, for they would say the same again.
    """
    print(f"equal budget: {budget.in_words} each")
    _print(of_runs(table["runs"]))
    if len({row["seed"] for row in table["runs"]}) == 1:
        print(ahead([(row["name"], row) for row in table["runs"]]))
        return
    print("over all seeds: mean ± standard deviation")
    _print(of_lanes(table["lanes"]))
    print(ahead([(lane["name"], lane["mean"]) for lane in table["lanes"]]))


def of_runs(rows: Sequence[Row]) -> Columns:
    """The runs, with their seeds where those differ."""
    columns = [("run", *map(_named, rows))]
    if len({row["seed"] for row in rows}) > 1:
        columns.append(("seed", *(str(row["seed"]) for row in rows)))
    columns += [(each.heading, *map(each.of_run, rows)) for each in _figures(rows)]
    return Columns(tuple(columns))


def of_lanes(lanes: Sequence[Row]) -> Columns:
    """What the runs of each lane have in common, and over how many of them."""
    return Columns(
        (
            ("run", *(lane["name"] for lane in lanes)),
            ("runs", *(str(lane["n"]) for lane in lanes)),
            *(
                (each.heading, *map(each.of_lane, lanes))
                for each in _figures([lane["mean"] for lane in lanes])
            ),
        )
    )


def ahead(standing: Sequence[tuple[str, Row]]) -> str:
    """Who did best on the test set, of names and figures, the best first."""
    done = [
        (name, row["test_accuracy"], row["test_loss"], row["test_r2"])
        for name, row in standing
        if row["test_loss"] is not None
    ]
    if not done:
        return "nobody is ahead: nobody was tested"
    name, accuracy, loss, r2 = done[0]
    level = [each[0] for each in done if each[1:3] == (accuracy, loss)]
    if len(level) > 1:
        return f"nobody is ahead: {' and '.join(level)} are level"
    judged = f"{percent(accuracy)} of the test set right"
    if accuracy is None:
        judged = f"test loss {number(loss)}, R² {r_squared(r2)}"
    return f"ahead: {name}, {judged}" if len(standing) > 1 else f"{name}, {judged}"


def _named(row: Row) -> str:
    return row["name"] if row["status"] == Status.DONE else f"{row['name']} ({row['status']})"


def _print(columns: Columns) -> None:
    if not sys.stdout.isatty():
        for line in columns.lines():
            print(line)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    shown = columns.fitting(console.width)
    drawn = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
    for place, (heading, *_) in enumerate(shown.cells):
        drawn.add_column(Text(heading), justify="right" if place else "left", no_wrap=True)
    for row in zip(*(column[1:] for column in shown.cells), strict=True):
        drawn.add_row(*map(Text, row))
    console.print(drawn)
    if left_out := len(columns.cells) - len(shown.cells):
        said = f"{plural(left_out, 'more column')}: with a wider terminal, in a file, or by --json"
        console.print(said, style="dim")


def _whole(value: float | None) -> str:
    return count(None if value is None else round(value))


def _or_not_yet(write: Callable[[float | None], str]) -> Callable[[float | None], str]:
    return lambda value: "not yet" if value is None else write(value)


def _to(share: float) -> tuple[Figure, Figure]:
    """What it took to be right on such a share of the test set."""
    at, said = ("reached", f"{share:g}"), percent(share, 0)
    return (
        Figure(f"time to {said}", (*at, "seconds"), _or_not_yet(duration)),
        Figure(f"ex. to {said}", (*at, "examples"), _or_not_yet(_whole)),
    )


def _figures(rows: Sequence[Row]) -> tuple[Figure, ...]:
    """What is told of the runs, or of their means, `rows`."""
    of_numbers = any(figure(row, "test_r2") is not None for row in rows)
    return _OF_NUMBERS if of_numbers else _OF_CLASSES


# The most important first: where there is little room, the others are left out.
_OF_BOTH = (
    Figure("test loss", ("test_loss",), number),
    Figure("train loss", ("train_loss",), number),
    Figure("updates", ("updates",), _whole),
    Figure("examples", ("examples",), _whole),
    Figure("time", ("train_seconds",), duration),
    Figure("an update", ("seconds_per_update",), duration),
)
_OF_THE_PATH = (
    Figure("trembling", ("trembling",), number),
    Figure("cosine", ("cosine",), number),
    Figure("detour", ("detour",), number),
    Figure("noise scale", ("noise_scale",), number),
)
_OF_CLASSES = (
    Figure("accuracy", ("test_accuracy",), percent),
    *_OF_BOTH,
    *(each for share in MILESTONES for each in _to(share)),
    *_OF_THE_PATH,
    Figure("best", ("best_accuracy",), percent),
)
_OF_NUMBERS = (
    Figure("R²", ("test_r2",), r_squared),
    *_OF_BOTH,
    *_OF_THE_PATH,
    Figure("best", ("best_r2",), r_squared),
)
