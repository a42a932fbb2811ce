"""The panel of how much each run trembles: four measures, and what each of them means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf, isinf, sqrt
from textwrap import wrap

from textual.app import ComposeResult
from textual.content import Content
from textual.getters import query_one

from core.snapshot import RunView
from tui import format as fmt
from tui.company import Company
from tui.table import Column, Value, entries
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel
from tui.widgets.run_name import LEAD, name_width, run_name

WIDE = 60  # columns from which measures have their full names, and more figures
_LEAST_NAME = 5  # columns of a run's name; with fewer, its sign stands alone
_LONG = 100_000  # examples: from here on in the fewest characters

Block = list[Content]


@dataclass(frozen=True, slots=True)
class _Measure:
    """A way to measure trembling; names, column and figures for a wide panel and a narrow one.

    `meaning` is told for the selected run.
    """

    name: str
    short: str
    narrow: int
    value: Callable[[RunView], Value]
    text: Callable[[Value, bool], str]
    meaning: Callable[[RunView, bool], str]

    def called(self, *, wide: bool) -> str:
        return self.name if wide else self.short

    def column(self, *, wide: bool) -> Column:
        return Column(
            self.called(wide=wide),
            13 if wide else self.narrow,
            lambda entry: self.value(entry.run),
            lambda value: self.text(value, wide),
        )


class TremblingPanel(Panel):
    """A run a line, a measure a column; below, as far as there is room, what they mean.

    The lower border says what it cost to measure the selected run.
    """

    TITLE = "Trembling"

    lines = query_one(Lines)

    _company: Company | None = None

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def show_company(self, company: Company) -> None:
        self._company = company
        self._draw(company)

    def on_resize(self) -> None:
        if self._company is not None:
            self._draw(self._company)

    def _draw(self, company: Company) -> None:
        width, height = self.lines.size
        wide = width >= WIDE
        columns = tuple(measure.column(wide=wide) for measure in _MEASURES)
        room = width - LEAD - sum(column.width for column in columns)
        name = min(name_width(company, width), room) if room >= _LEAST_NAME else 0
        table = [_heading(columns, LEAD + name), *self._rows(company, columns, name)]
        blocks = [self._meaning(measure, company.run, width) for measure in _MEASURES]
        self.lines.write(*table, *_fitting(blocks, height - len(table)))
        said = [self._display.text(text) for text in _costs(company.run)]
        self.report(next((text for text in said if len(text) <= width - 4), ""))

    def _rows(self, company: Company, columns: tuple[Column, ...], name: int) -> Iterator[Content]:
        display, dark = self._display, self._dark
        for entry in entries(company):
            chosen = entry.run.id == company.run.id
            yield Content.assemble(
                run_name(company, entry.run, name, chosen=chosen, display=display, dark=dark),
                *((column.cell(entry), "bold" if chosen else "") for column in columns),
            )

    def _meaning(self, measure: _Measure, run: RunView, width: int) -> Block:
        wide = width >= WIDE
        name = measure.called(wide=wide)
        text = self._display.text(f"{name}: {measure.meaning(run, wide)}")
        lines = wrap(text, max(10, width - 2), subsequent_indent="  ")
        first, *rest = (Content.styled(f" {line}", "$foreground-muted") for line in lines)
        return [first.stylize("bold", 0, 1 + len(name)), *rest]


def _fitting(blocks: list[Block], room: int) -> Block:
    """As many whole blocks as there is room for, from the first; below a blank line, if need be."""
    written: Block = [Content()] if sum(map(len, blocks)) < room else []
    for block in blocks:
        if len(written) + len(block) > room:
            break
        written += block
    return written


def _heading(columns: tuple[Column, ...], before: int) -> Content:
    headings = "".join(column.heading.rjust(column.width) for column in columns)
    return Content.styled(" " * before + headings, "$foreground-muted")


def _costs(run: RunView) -> Iterator[str]:
    """What measuring cost, at length and in short."""
    path, noise = run.steadiness, run.noise_scale
    spent = {
        name: (fmt.duration(measured.seconds), fmt.count(measured.at.updates))
        for name, measured in (("path", path), ("noise", noise))
        if measured
    }
    if not spent:
        return
    at_length = ", ".join(f"{n} {cost} at update {at}" for n, (cost, at) in spent.items())
    in_short = ", ".join(f"{n} {cost}" for n, (cost, _) in spent.items())
    yield f"measured off the training clock: {at_length}"
    yield f"off the training clock: {in_short}"
    yield in_short


def _spread(value: Value, wide: bool) -> str:
    return fmt.number(value, 3 if wide else 2)


def _detour_means(run: RunView, wide: bool) -> str:
    updates = run.steadiness.updates if run.steadiness else 0
    walk = f", {sqrt(updates):.2g} a random walk" if updates else ""
    span = f" of {updates} updates" if updates and wide else ""
    return f"length over distance{span}: 1 straight{walk}"


def _noise(run: RunView) -> Value:
    """In examples; infinite where the gradient is lost in its noise."""
    if run.noise_scale is None:
        return None
    return inf if run.noise_scale.examples is None else run.noise_scale.examples


def _noise_text(value: Value, _wide: bool) -> str:
    if value is None or value < _LONG:
        return fmt.number(value)
    return "lost" if isinf(value) else fmt.compact(float(f"{value:.2e}"))


def _noise_means(run: RunView, _wide: bool) -> str:
    if _noise(run) == inf:
        return "lost, the gradient is smaller than its noise"
    return "examples from which the gradient outweighs it"


_MEASURES = (
    _Measure(
        "loss spread",
        "spread",
        8,
        lambda run: run.trembling,
        _spread,
        lambda _run, _wide: "how far the loss jumps from update to update",
    ),
    _Measure(
        "cosine",
        "cosine",
        7,
        lambda run: run.steadiness.cosine if run.steadiness else None,
        lambda cosine, _wide: fmt.MISSING if cosine is None else f"{cosine:.2f}",
        lambda _run, _wide: "1 goes straight on, 0 turns aside, -1 turns back",
    ),
    _Measure(
        "detour",
        "detour",
        7,
        lambda run: run.steadiness.detour if run.steadiness else None,
        lambda detour, _wide: fmt.number(detour),
        _detour_means,
    ),
    _Measure("noise scale", "noise", 7, _noise, _noise_text, _noise_means),
)
