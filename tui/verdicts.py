"""The verdicts on the chapter's claims in words, with the numbers that they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.racing.claims import Claim, Finding, Parting, Shaking, Verdict, WholePass
from core.racing.contest import Contest, Pace
from tui.display import GREY, RIGHT, WRONG, Look
from tui.format import count, duration, number, percent, plural

LOOKS = {
    Finding.SEEN: RIGHT,
    Finding.NOT_SEEN: WRONG,
    Finding.NOT_TESTED: Look(GREY, "○", "o"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What was measured, and its figures: a number, then whose it is."""

    name: str
    figures: tuple[str, ...]


def facts(verdict: Verdict) -> tuple[Fact, ...]:
    """The numbers behind a verdict; or what it takes to test the claim."""
    missing = (Fact("it takes", (verdict.lack,)),) if verdict.lack else ()
    return (*missing, *_measured(verdict))


def _measured(verdict: Verdict) -> Iterator[Fact]:
    match verdict.evidence:
        case WholePass() as seen:
            yield from _whole_pass(seen)
        case Shaking() as seen:
            yield from _shaking(seen)
        case Contest() as seen if verdict.claim is Claim.SLOW:
            yield Fact("training examples", (count(seen.training_examples),))
            yield from _contest(seen, _had_and_lost)
        case Contest() as seen:
            yield from _contest(seen, _had)
        case Parting() as seen:
            yield from _parting(seen)


def _whole_pass(seen: WholePass) -> Iterator[Fact]:
    each = f"{seen.examples / seen.updates:,.6g}"
    whole = f"{each} of {plural(seen.training_examples, 'example')}"
    cost = seen.seconds
    yield Fact("an update takes", (whole, duration(cost)))
    yield Fact("an example costs", (duration(seen.seconds * seen.updates / seen.examples),))
    if seen.single:
        ratio = f"{number(cost / seen.single)} times faster"
        yield Fact("an update of stochastic", ("1 example", duration(seen.single), ratio))


def _shaking(seen: Shaking) -> Iterator[Fact]:
    one, all_ = seen.stochastic, seen.batch
    yield Fact("loss swings by", _both(one.spread, all_.spread))
    if one.cosine is not None and all_.cosine is not None:
        name = f"cosine between updates, {seen.updates} of them"
        yield Fact(name, _both(one.cosine, all_.cosine))


def _both(stochastic: float, batch: float) -> tuple[str, str]:
    return f"{number(stochastic)} stochastic", f"{number(batch)} batch"


def _contest(seen: Contest, had: Callable[[Pace], str]) -> Iterator[Fact]:
    everyone = (*seen.others, seen.batch)
    if seen.target is not None:
        yield Fact(f"time to {percent(seen.target, 0)} accuracy", tuple(map(_reached, everyone)))
    if seen.time is not None:
        yield Fact(f"accuracy at {duration(seen.time)}", tuple(map(had, everyone)))


def _reached(run: Pace) -> str:
    if run.to_target is None:
        return f"{run.name} not in {duration(run.spent)}"
    return f"{duration(run.to_target)} {run.name}"


def _had(run: Pace) -> str:
    return f"{percent(run.accuracy)} {run.name}"


def _had_and_lost(run: Pace) -> str:
    return _had(run) if run.loss is None else f"{_had(run)} (loss {number(run.loss)})"


def _parting(seen: Parting) -> Iterator[Fact]:
    one, all_ = seen.stochastic, seen.batch
    yield Fact("training loss there", (f"{number(seen.before)} batch",))
    yield Fact(f"{duration(seen.spent.seconds)} later", _both(one.training, all_.training))
    yield Fact("test loss now", _both(one.test, all_.test))
