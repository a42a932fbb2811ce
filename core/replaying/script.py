"""What is to be done again, step by step, as a journal tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from core.commands import Change, Reset
from core.config import SETTINGS
from core.errors import UserError
from core.means import Means
from core.saving import journal
from core.saving.fields import DamagedError
from core.saving.folder import RunFolder
from core.saving.journal import Heading, Line
from core.snapshot import State

_LONGEST_WAIT = 2.0  # seconds: when nothing happened for longer, nobody wants to watch that


@dataclass(frozen=True, slots=True)
class Ask:
    """Something was asked that decides weights."""

    command: Change | Reset


@dataclass(frozen=True, slots=True)
class Begin:
    """It began to train."""


@dataclass(frozen=True, slots=True)
class Rest:
    """It came to rest."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Keep:
    """A moment to which a later step goes: the line that it followed, and its update."""

    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class GoTo:
    """It went to a moment: one kept before, or a checkpoint's file."""

    place: tuple[int, int] | Path


@dataclass(frozen=True, slots=True)
class Compare:
    """The weights had this hash, and some of them were these; or the training loss was this."""

    sha256: str = ""
    sample: tuple[float, ...] = ()
    train_loss: float | None = None


Deed = Ask | Begin | Rest | Keep | GoTo | Compare | Means


@dataclass(frozen=True, slots=True)
class Step:
    """A deed at an update, `seconds` after the beginning of the recording."""

    line: int
    seconds: float
    update: int
    deed: Deed


@dataclass(frozen=True, slots=True)
class Script:
    """A journal as steps; `start` is the checkpoint's file that it begins with, if any."""

    source: str
    heading: Heading
    start: Path | None
    steps: tuple[Step, ...]

    @property
    def seconds(self) -> float:
        return self.steps[-1].seconds if self.steps else 0.0


@dataclass(frozen=True, slots=True)
class Replay:
    """A script to be played, so many times as fast as it was recorded; None: as fast as can be.

    `named` is where the user's own network and data are, if it trains such.
    """

    script: Script
    speed: float | None = None
    named: Mapping[str, str] = field(default_factory=dict)


def load(path: Path) -> Script:
    """The script of a journal's file. Raises UserError, in one line."""
    heading, lines = journal.read(path)
    folder = RunFolder(path.parent)
    try:
        steps = [*_beginning(heading), *(s for line in lines for s in _steps(line, folder))]
        _check_order(steps)
        places = {step.deed.place for step in steps if isinstance(step.deed, GoTo)}
        kept = {place for place in places if not isinstance(place, Path)}
        steps = _with_moments(steps, kept, heading.first)
    except (DamagedError, UserError) as fault:
        raise UserError(f"the journal cannot be replayed: {fault}", str(path)) from None
    start = folder.attached(heading.start) if heading.start else None
    return Script(path.parent.name or path.name, heading, start, tuple(_without_waits(steps)))


def _beginning(heading: Heading) -> Iterator[Step]:
    """How the run stood that the journal begins with."""
    if heading.means:
        yield Step(heading.first, 0.0, heading.update, heading.means)
    if heading.running:
        yield Step(heading.first, 0.0, heading.update, Begin())


def _check_order(steps: Sequence[Step]) -> None:
    """Updates only grow, but where the run went elsewhere; raises DamagedError."""
    for before, step in pairwise(steps):
        reset = isinstance(before.deed, Ask) and isinstance(before.deed.command, Reset)
        went = reset or any(isinstance(each.deed, GoTo) for each in (before, step))
        if step.update < before.update and not went:
            raise DamagedError(
                f"line {step.line:,} is about update {step.update:,}, after {before.update:,}"
            )


def _steps(line: Line, folder: RunFolder) -> Iterator[Step]:
    deed = _DEEDS.get(line.what, _nothing)(line, folder)
    if deed is not None:
        yield Step(line.n, line.seconds, line.update, deed)


def _nothing(_line: Line, _folder: RunFolder) -> None:
    """What was looked at, and what only told of others, is not done again."""


def _change(line: Line, _folder: RunFolder) -> Ask:
    return Ask(Change(line.told.text("setting", 50), line.told.any("value")))


def _reset(line: Line, _folder: RunFolder) -> Ask:
    return Ask(Reset(SETTINGS["seed"].parse(line.told.any("seed"))))


def _begin(_line: Line, _folder: RunFolder) -> Begin:
    return Begin()


def _rest(line: Line, _folder: RunFolder) -> Rest:
    state = line.told.text("state", 20)
    if state not in list(State):
        raise DamagedError(f"line {line.n:,}: there is no state {state!r}")
    return Rest(State(state), line.told.text("reason"))


def _means(line: Line, _folder: RunFolder) -> Means:
    return journal.means(line.told)


def _return(line: Line, folder: RunFolder) -> GoTo:
    to = line.told.fields("to")
    if "file" in to:
        return GoTo(folder.attached(to.text("file", 50)))
    return GoTo((to.integer("n"), to.integer("update")))


def _weights(line: Line, _folder: RunFolder) -> Compare:
    sample = line.told.list("sample", 1000)
    if not all(isinstance(v, int | float | str) for v in sample):
        raise DamagedError(f"line {line.n:,}: sample holds no numbers")
    try:
        return Compare(line.told.text("sha256", 64), tuple(map(float, sample)))
    except ValueError:
        raise DamagedError(f"line {line.n:,}: sample holds no numbers") from None


def _metrics(line: Line, _folder: RunFolder) -> Compare | None:
    if "train_loss" not in line.told:
        return None
    return Compare(train_loss=line.told.number("train_loss"))


_DEEDS: dict[str, Callable[[Line, RunFolder], Deed | None]] = {
    "change": _change,
    "reset": _reset,
    "start": _begin,
    "advance": _begin,
    "finishepoch": _begin,
    "rest": _rest,
    "means": _means,
    "return": _return,
    "resumed": _return,
    "weights": _weights,
    "metrics": _metrics,
}


def _with_moments(steps: Sequence[Step], places: set[tuple[int, int]], first: int) -> list[Step]:
    """The steps, with one for each moment to keep: after its line, at its update."""
    done = list(steps)
    for n, update in sorted(places, reverse=True):
        if n < first:
            raise DamagedError("it returns to a moment before its own beginning")
        later = (
            k
            for k, step in enumerate(done)
            if step.line > n
            or (step.line == n and isinstance(step.deed, Compare) and step.update > update)
        )
        index = next(later, len(done))
        before = done[index - 1].seconds if index else 0.0
        done.insert(index, Step(n, before, update, Keep((n, update))))
    return done


def _without_waits(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps at the seconds of a recording in which nobody waited for long."""
    cut, before = 0.0, Step(0, 0.0, 0, Begin())
    for step in steps:
        waited = step.seconds - before.seconds
        if step.update == before.update and waited > _LONGEST_WAIT:
            cut += waited - _LONGEST_WAIT
        yield Step(step.line, step.seconds - cut, step.update, step.deed)
        before = step
