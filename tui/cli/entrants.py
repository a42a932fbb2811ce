"""Who races: the lanes that follow from all that was given to `gd-tui race`.

What is raced is a list, beside which the setting that it is a list of has no place; nor has a
batch size where nobody trains by mini-batch. Of two that do not fit, the one from the lower layer
gives way (see `tui.cli.layers`); within one layer it is a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from core.config import RunConfig
from core.errors import UserError
from core.optimizers.table import HYPERPARAMETERS
from core.racing.race import DIMENSIONS, MOST_RUNS, Lane, lanes
from core.strategies import STRATEGIES
from tui.cli.layers import Given, Layer, settle
from tui.cli.options import KNOWN, NOT_OF_A_RACE

# The list that races each of core's dimensions.
LISTS = dict(
    zip(DIMENSIONS, ("strategies", "batch_sizes", "optimizers", "learning_rates"), strict=True)
)
_MINI_BATCH = "mini-batch"


class Misfit(NamedTuple):
    """A setting, a list that it does not go with, and why not."""

    name: str
    several: str
    why: str


def entrants(given: Mapping[str, Given]) -> tuple[RunConfig, tuple[Lane, ...]]:
    """The settings that all lanes begin from, and the lanes.

    Raises UserError, with the place where the value to blame was read.
    """
    _refuse_what_means_nothing(given)
    values = _fitting({name: each for name, each in given.items() if not _is_empty(name, each)})
    raced = {name: values[several] for name, several in LISTS.items() if several in values}
    if not raced:
        raced["strategy"] = _every_strategy(values)
    values = {name: each for name, each in values.items() if name not in raced}
    if "optimizer" in raced and "lr" in values:  # it would begin from its own one
        raced["lr"] = replace(values["lr"], value=(values["lr"].value,))
    base = settle(values).config
    try:
        return base, _lanes(base, {name: each.value for name, each in raced.items()})
    except UserError as fault:
        to_blame = [raced[fault.setting]] if fault.setting in raced else raced.values()
        raise fault.at(", ".join(each.source for each in to_blame)) from None


def _refuse_what_means_nothing(given: Mapping[str, Given]) -> None:
    """A race has no option for these, but they may stand before the word `race`."""
    for name in (*NOT_OF_A_RACE, "summary"):
        if name in given:
            raise UserError(
                f"{KNOWN[name].title}: it means nothing in a race, which ends when its budget is "
                "spent and prints its table; use --budget, --json or --csv",
                given[name].source,
            )


def _is_empty(name: str, each: Given) -> bool:
    return name in LISTS.values() and not each.value


def _fitting(given: Mapping[str, Given]) -> dict[str, Given]:
    """Without what gives way. Raises UserError for a misfit within one layer."""
    left = dict(given)
    for name, several, why in _misfits(given):
        if name not in left or several not in left:
            continue
        one, other = left[name], left[several]
        if one.layer == other.layer:
            raise UserError(f"{KNOWN[name].title}: {why}", one.source)
        del left[name if one.layer < other.layer else several]
    return left


def _misfits(given: Mapping[str, Given]) -> Iterator[Misfit]:
    for name, several in LISTS.items():
        flag = KNOWN[several].flag
        yield Misfit(name, several, f"{flag} says what is raced; give one of the two")
    if "strategies" in given and _MINI_BATCH not in given["strategies"].value:
        why = "only mini-batch has one, and --strategies leaves it out; add it there"
        yield Misfit("batch_size", "strategies", why)
        yield Misfit("batch_sizes", "strategies", why)
    if "strategy" in given and given["strategy"].value != _MINI_BATCH:
        why = "--batch-sizes means mini-batch; to race both, name them in --strategies"
        yield Misfit("strategy", "batch_sizes", why)
    for name in HYPERPARAMETERS:
        if name != "lr":
            why = (
                "optimizers that race begin from their own defaults, but for the learning rate; "
                "leave it or --optimizers out"
            )
            yield Misfit(name, "optimizers", why)


def _every_strategy(values: Mapping[str, Given]) -> Given:
    """What is raced where nothing is said. Raises UserError where a single strategy was asked."""
    one = values.get("strategy")
    if one and one.layer is Layer.FLAG:
        raise UserError(
            "strategy: it leaves nothing to race; name those that race by --strategies", one.source
        )
    return Given(tuple(STRATEGIES), Layer.DEFAULT, "default")


def _lanes(base: RunConfig, chosen: Mapping[str, Sequence[object]]) -> tuple[Lane, ...]:
    """Every combination; but of several batch sizes only mini-batch takes each."""
    strategies = chosen.get("strategy", ())
    if not strategies or "batch_size" not in chosen:
        return lanes(base, chosen)
    made: tuple[Lane, ...] = ()
    if others := [each for each in strategies if each != _MINI_BATCH]:
        made = lanes(base, {**chosen, "strategy": others, "batch_size": ()})
    made += lanes(base, {**chosen, "strategy": ()})
    if len(made) > MOST_RUNS:
        raise UserError(f"{len(made)} runs in one race are too many: there may be {MOST_RUNS}")
    return made
