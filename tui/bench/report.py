"""The benchmark as a person reads it: tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from core.optimizers.table import OPTIMIZERS
from tui.bench.results import (
    AUTOGRAD,
    BUSY,
    CHAPTER,
    FUSED,
    LIMIT,
    PLAIN,
    WHOLE,
    Figure,
    Results,
    Row,
)
from tui.format import MISSING, count, duration, number

_CONTENDERS = {
    CHAPTER: "the chapter's loop",
    PLAIN: "best plain PyTorch",
    WHOLE: "plain PyTorch, whole batch",
    AUTOGRAD: "ours, autograd",
    FUSED: "ours, fused",
    LIMIT: "matrix products alone",
}
_RATIOS = {CHAPTER: "ours / the chapter", PLAIN: "ours / best plain"}
_TOO_BUSY = 0.5  # processors: torch's threads wait for each other, and none of them gets on
_WARNING = "The machine was busy with something else: measure again when it is idle."
_EXPLANATION = (
    "Updates per second: the median of rounds taken by turns, ours in one process and all others "
    "in another that has torch's own settings; denormal numbers are taken for zero in both. The "
    "chapter's loop is DataLoader, transforms and autograd as printed. Best plain PyTorch is "
    "autograd on resident data, in the ways that proved fastest with one thread and with all, "
    "and the better of them in each round. Ours is the trainer, record and all, with each of its "
    "steppers. The matrix products are SimpleNet's two large ones, by the fastest library; of one "
    "example, calling a library takes longer than the kernels' own loops."
)


def show(results: Results) -> None:
    """Print the results on standard output."""
    if not sys.stdout.isatty():
        for line in lines(results):
            print(line)
        return
    console = Console()
    console.print(_rates(results.rows), _figures((*results.ratios, *results.figures)))
    console.print(_last_line(results))


def lines(results: Results) -> Iterator[str]:
    """Everything in plain lines."""
    yield _EXPLANATION
    for row in results.rows:
        for rate in row.rates:
            name = _CONTENDERS[rate.contender]
            yield f"{_batch(row)}: {name} = {number(rate.per_second)} updates/s ({rate.how})"
        for contender, name in _RATIOS.items():
            yield f"{_batch(row)}: {name} = {_times(row.ours_over(contender))}"
    for figure in (*results.ratios, *results.figures):
        yield f"{figure.what} = {_value(figure)}{_judged(figure)} ({figure.how})"
    yield _last_line(results)


def _rates(rows: tuple[Row, ...]) -> Table:
    table = Table(title="Updates per second", caption=_EXPLANATION, show_lines=True)
    table.title_justify = table.caption_justify = "left"
    table.add_column("batch size")
    for name in (*_CONTENDERS.values(), *_RATIOS.values()):
        table.add_column(name, justify="right")
    for row in rows:
        reached = [_reached(row, contender) for contender in _CONTENDERS]
        ratios = [_times(row.ours_over(contender)) for contender in _RATIOS]
        table.add_row(_batch(row), *reached, *ratios)
    return table


def _reached(row: Row, contender: str) -> str:
    """The rate, and under it how it was reached."""
    found = [rate for rate in row.rates if rate.contender == contender]
    return f"{number(found[0].per_second)}\n[dim]{found[0].how}[/dim]" if found else MISSING


def _figures(figures: tuple[Figure, ...]) -> Table:
    table = Table(title="Beside the targets", show_lines=True, title_justify="left")
    for name in ("what", "measured", "target", "met", "how"):
        table.add_column(name)
    for figure in figures:
        table.add_row(
            figure.what, _value(figure), _bound(figure), _met(figure), f"[dim]{figure.how}[/dim]"
        )
    return table


def _batch(row: Row) -> str:
    return f"{count(row.batch_size)}, {OPTIMIZERS[row.optimizer].torch_name}"


def _value(figure: Figure) -> str:
    return MISSING if figure.value is None else f"{number(figure.value)} {figure.unit}"


def _bound(figure: Figure) -> str:
    if figure.target is None:
        return ""
    side = "at most" if figure.target.at_most else "at least"
    return f"{side} {figure.target.bound:g} {figure.unit}"


def _met(figure: Figure) -> str:
    return {True: "yes", False: "no", None: ""}[figure.met]


def _judged(figure: Figure) -> str:
    """The target and whether it was met, as a part of a line."""
    if figure.target is None:
        return ""
    return f"; {_bound(figure)}" + {True: ", met", False: ", not met", None: ""}[figure.met]


def _times(ratio: float | None) -> str:
    return MISSING if ratio is None else f"{number(ratio)} times"


def _last_line(results: Results) -> str:
    """On what it was measured, and a warning if that had other things to do."""
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items() if value)
    quick = ", quickly" if results.quick else ""
    said = f"measured{quick} in {duration(results.seconds)} on {machine}"
    busy = results.machine.get(BUSY) or 0.0
    return f"{said}\n{_WARNING}" if busy > _TOO_BUSY else said
