"""A reading of the machine as lines: figures, bars for what is taken, curves of the last minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from statistics import fmean

from textual.content import Content

from core.machine import Card, Machine
from tui import format as fmt
from tui.widgets.bar import thin_bar
from tui.widgets.fit import cut
from tui.widgets.sparkline import ASCII_BARS, BARS

MINUTE = 60  # readings in a curve
WIDE = 46  # columns from which figures have room around them
_NAME = 9  # columns of "processor"
_TALLEST = 3  # lines of a curve at most
_GIB = 2**30

Block = list[Content]


class Curves:
    """The latest shares of the processor and of each card, one a reading."""

    def __init__(self) -> None:
        self._shares: dict[int | str, deque[float | None]] = {}
        self._readings = 0

    def add(self, machine: Machine) -> None:
        """Append a reading to every curve."""
        self._readings += 1
        of_cores = None if machine.processor is None else machine.processor / 100 / machine.cores
        shares: dict[int | str, float | None] = {"processor": of_cores}
        shares |= {card.index: card.utilisation for card in machine.cards}
        for whose, share in shares.items():
            self._shares.setdefault(whose, deque(maxlen=MINUTE)).append(share)

    def drawn(self, whose: int | str, width: int, height: int, *, ascii: bool) -> list[str]:
        """The lines of a curve, the newest at the right; a share of 1 fills all of the height.

        With fewer columns than readings each stands for the mean of several, always the same.
        """
        shares, levels = self._shares.get(whose, ()), ASCII_BARS if ascii else BARS
        span = -(-MINUTE // max(width, 1))
        first = self._readings - len(shares)
        numbered = groupby(enumerate(shares, first), lambda pair: pair[0] // span)
        columns = [[share for _, share in some if share is not None] for _, some in numbered]
        full = len(levels) - 1
        top = full * height - 1
        tall = [1 + round(min(1.0, fmean(some)) * top) if some else 0 for some in columns]
        tall = tall[max(0, len(tall) - width) :]
        return [
            "".join(levels[min(max(each - full * row, 0), full)] for each in tall).rjust(width)
            for row in reversed(range(height))
        ]


class Sheet:
    """The lines of a reading, `width` columns wide."""

    def __init__(self, width: int, ascii: bool, curves: Curves) -> None:
        self._width = width
        self._ascii = ascii
        self._curves = curves
        self._of = " of " if width >= WIDE else "/"
        self._figure = 17 if width >= WIDE else 14
        self._gauge = max(0, width - _NAME - self._figure - 4)

    def lines(self, machine: Machine, height: int) -> Block:
        """The processor and the memory, then as much of the cards as there is room for."""
        computer = self._computer(machine, 0)
        cards = [line for card in machine.cards for line in self._card(card, 0)]
        spare = height - len(computer) - len(cards)
        if spare < 0:
            return [*computer, *self._table(machine.cards, height - len(computer))][:height]
        curves = 1 + sum(card.utilisation is not None for card in machine.cards)
        tall = min(_TALLEST, spare // curves)
        cards = [line for card in machine.cards for line in self._card(card, tall)]
        return [*self._computer(machine, tall), *cards]

    def _computer(self, machine: Machine, tall: int) -> Block:
        """`tall` are the lines that a curve may take of its own; without any it is the gauge."""
        return [*self._processor(machine, tall), *self._memory(machine)]

    def _processor(self, machine: Machine, tall: int) -> Iterator[Content]:
        taken = None if machine.processor is None else machine.processor / 100
        figure = f"{_figures(taken)}{self._of}{fmt.plural(machine.cores, 'core')}"
        share = None if taken is None else taken / machine.cores
        return self._busy("processor", figure, share, "processor", tall)

    def _memory(self, machine: Machine) -> Iterator[Content]:
        if machine.resident is not None:
            figure = f"{_gib(machine.resident)} GiB"
            yield self._row("memory", figure, self._bar(machine.resident, machine.memory_total))
        yield from self._share("computer", machine.memory_used, machine.memory_total, _gib, "GiB")

    def _card(self, card: Card, tall: int) -> Block:
        """Its name and what it tells, each on a line of its own."""
        heat = "" if card.temperature is None else f" {card.temperature} {self._degrees}"
        title = cut(f"GPU {card.index} {card.name}", self._width - 2 - len(heat), self._ascii)
        heading = f" {title}".ljust(self._width - 1 - len(heat))
        block = [Content.assemble((heading, "bold" if card.ours else ""), (heat, "bold"))]
        if card.utilisation is not None:
            percent = _percent(card.utilisation)
            block += self._busy(" use", percent, card.utilisation, card.index, tall)
        block += self._share(" memory", card.memory_used, card.memory_total, _gib, "GiB")
        block += self._share(" power", card.power, card.power_limit, _whole, "W")
        return block

    def _table(self, cards: Sequence[Card], room: int) -> Block:
        """A card a line, a figure a column; those that no card tells of are left out."""
        if room < 2:  # a heading alone says nothing
            return []
        columns = [column for column in self._columns if any(map(column[2], cards))]
        heading = "".join(name.rjust(width) for name, width, _ in columns)
        shown = len(cards) if len(cards) < room else max(1, room - 2)
        rows = [
            Content.styled(
                "".join(text(card).rjust(width) for _, width, text in columns),
                "bold" if card.ours else "",
            )
            for card in cards[:shown]
        ]
        rest = [f" and {len(cards) - shown} more: F gives room"] if shown < len(cards) else []
        return [_muted(heading), *rows, *map(_muted, rest)][:room]

    @property
    def _columns(self) -> tuple[tuple[str, int, Callable[[Card], str]], ...]:
        """Heading, width and text of each."""
        return (
            ("GPU", 4, lambda card: str(card.index)),
            ("use", 6, lambda card: _percent(card.utilisation)),
            ("GiB", 11, lambda card: _pair(card.memory_used, card.memory_total, _gib, "/")),
            (self._degrees, 5, lambda card: _whole(card.temperature)),
            ("W", 6, lambda card: _whole(card.power)),
        )

    def _busy(
        self, name: str, figure: str, share: float | None, whose: int | str, tall: int
    ) -> Iterator[Content]:
        """How busy something is: a figure and its curve."""
        if tall == 0:
            yield self._row(name, figure, *self._curve(whose, self._gauge, 1))
        else:
            yield self._row(name, figure, self._bar(share or 0.0, 1.0))
            yield from (Content(" ") + line for line in self._curve(whose, self._width - 2, tall))

    def _share(
        self,
        name: str,
        used: float | None,
        total: float | None,
        text: Callable[[float], str],
        unit: str,
    ) -> Iterator[Content]:
        """What is used of a total, if that is told."""
        if used is not None:
            figure = f"{_pair(used, total, text, self._of)} {unit}"
            yield self._row(name, figure, self._bar(used, total))

    def _row(self, name: str, figure: str, gauge: Content) -> Content:
        label = f" {name:<{_NAME}} "
        return Content.assemble(
            (label, "$foreground-muted"), (f"{figure:>{self._figure}}", "bold")
        ) + (Content(" ") + gauge)

    def _bar(self, used: float, total: float | None) -> Content:
        return thin_bar(used / total, self._gauge, ascii=self._ascii) if total else Content()

    def _curve(self, whose: int | str, width: int, height: int) -> Block:
        drawn = self._curves.drawn(whose, max(0, width), height, ascii=self._ascii)
        return [Content.styled(line, "$primary") for line in drawn]

    @property
    def _degrees(self) -> str:
        return "C" if self._ascii else "°C"


def _muted(text: str) -> Content:
    return Content.styled(text, "$foreground-muted")


def _pair(used: float | None, total: float | None, text: Callable[[float], str], of: str) -> str:
    if used is None:
        return ""
    return text(used) if total is None else f"{text(used)}{of}{text(total)}"


def _figures(value: float | None) -> str:
    """In four characters, as a rule: 0.03, 1.87, 61.2, 128."""
    if value is None:
        return fmt.MISSING
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def _gib(size: float) -> str:
    return _figures(size / _GIB)


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _percent(share: float | None) -> str:
    return "" if share is None else fmt.percent(share, 0)
