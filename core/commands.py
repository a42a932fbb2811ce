"""What one may ask of the engine. Each is honoured at the next safe point, paused or running."""

from __future__ import annotations

from dataclasses import dataclass

from core.figures import Instrument
from core.racing.race import Budget, Lane


@dataclass(frozen=True, slots=True)
class Start:
    """Train until a stop condition or a pause.

    Whatever asks for training drops the stop conditions that are already met.
    """


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold still at the next safe point, also between the micro-batches of one update."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold everything still, for the process is to be stopped; every run keeps its goal."""


@dataclass(frozen=True, slots=True)
class Release:
    """Go on as if nothing had been held."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Train for so many updates more, then pause. An unfinished update counts as the first."""

    updates: int = 1


@dataclass(frozen=True, slots=True)
class FinishEpoch:
    """Train to the end of the epoch, then pause."""


@dataclass(frozen=True, slots=True)
class Change:
    """Give a live setting or hyperparameter (by its name in `core.config`) a new value."""

    setting: str
    value: object


@dataclass(frozen=True, slots=True)
class Reset:
    """Begin again with the settings as they are now; `seed` None keeps the run's own seed."""

    seed: int | None = None


@dataclass(frozen=True, slots=True)
class GoBack:
    """Return to the last good moment: the weights, the order and the curves of then."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the last change, and what was trained since: return to the moment before it."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Return to where the run was when the last change was taken back."""


@dataclass(frozen=True, slots=True)
class Return:
    """Return to an earlier moment, by its id in the timeline."""

    moment: int


@dataclass(frozen=True, slots=True)
class LookBack:
    """Show the curves and the digits of an earlier moment; None: of now."""

    moment: int | None = None


@dataclass(frozen=True, slots=True)
class ShowDigits:
    """Show so many test examples. `fresh` draws others; `only_wrong` from those judged wrong."""

    count: int
    only_wrong: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class ShowInstruments:
    """Measure these of the run that is shown, from now on, and no others."""

    shown: frozenset[Instrument]


@dataclass(frozen=True, slots=True)
class FindRate:
    """Look for a learning rate, on a copy of the run; the run rests until that is done."""


@dataclass(frozen=True, slots=True)
class StopFinding:
    """Look no further for a learning rate, and forget what was found."""


@dataclass(frozen=True, slots=True)
class Select:
    """Show this run: it is the one that commands are for which name none."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Copy the run whole, into another that goes on by itself and is then the one shown.

    As it is now, or as it was at an earlier moment, by its id in the timeline.
    """

    moment: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Put the run away; the last one left stays."""


@dataclass(frozen=True, slots=True)
class BringBack:
    """Bring back the run that was put away last."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the run another name."""

    name: str


@dataclass(frozen=True, slots=True)
class StartRace:
    """Start a run for each lane, from the same initial weights, on an equal budget.

    The other runs pause. The lanes of the race before are put away.
    """

    lanes: tuple[Lane, ...]
    budget: Budget


@dataclass(frozen=True, slots=True)
class StartExperiment:
    """Let batch descent settle in a small problem; then race stochastic descent from there."""


OfTime = Reset | GoBack | Undo | Redo | Return  # they lead to where the run did not walk
OfLooking = LookBack | ShowDigits | FindRate | StopFinding  # they change nothing of the run
OfRun = Start | Pause | Advance | FinishEpoch | Change | OfTime | OfLooking
OfFleet = Select | Fork | Drop | BringBack | Rename | StartRace | StartExperiment
OfProcess = Hold | Release | ShowInstruments
Command = OfRun | OfFleet | OfProcess
