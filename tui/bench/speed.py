"""How many updates a second each contender makes, batch size by batch size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.data.catalog import DATA_SETS
from tui.bench.effort import Effort
from tui.bench.process import Place
from tui.bench.rates import Rate, compete
from tui.bench.results import CHAPTER, Row
from tui.bench.side import Side

_EXAMPLES = DATA_SETS["mnist"].train
_ROWS = (*((size, "sgd") for size in (1, 8, 64, 512, _EXAMPLES)), (1, "adam"))
_TOO_LONG = "not measured with --quick: one update takes many seconds"


def rows(place: Place, effort: Effort, say: Callable[[str], object]) -> Iterator[Row]:
    """A row for each batch size with SGD, and one for Adam.

    Raises UserError where there is no torchvision, which the chapter needs.
    """
    with Side("tui.bench.theirs", place) as theirs, Side("tui.bench.ours", place) as ours:
        for size, optimizer in _ROWS:
            say(f"updates per second, batch size {size:,}, {optimizer}")
            yield row((theirs, ours), size, optimizer, effort)


def row(sides: tuple[Side, ...], size: int, optimizer: str, effort: Effort) -> Row:
    """What each contender of both sides reaches, by turns."""
    contenders, absent = [], []
    for side in sides:
        present, missing = side.enter(size, optimizer, effort.trial_seconds)
        contenders += present
        absent += missing
    if size == _EXAMPLES and not effort.chapter_full_batch:
        contenders = [each for each in contenders if each.name != CHAPTER]
        absent.append(Rate(CHAPTER, _TOO_LONG, ()))
    rates = compete(contenders, effort.rounds, effort.round_seconds)
    return Row(size, optimizer, (*rates, *absent))
