"""Leads a run through a script: each deed at its update, the weights compared on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from core.checkpoint import Checkpoint
from core.errors import UserError
from core.fingerprint import Fingerprint, fingerprint
from core.means import Means
from core.replaying.script import Ask, Begin, Compare, GoTo, Keep, Rest, Script, Step
from core.run import Run
from core.saving.naming import named_by
from core.saving.resume import find
from core.snapshot import ScriptView, State
from core.trainer import Time
from core.travel import go_to

_STRUCTURE = ("model", "widths", "data")
_BROKEN = (State.DIVERGED, State.FAILED)
_LOOK_SECONDS = 0.02  # between two looks at how far the recording was by now


@dataclass(slots=True)
class Outcome:
    """What came of comparing: how often, how often it differed, and by how much at most.

    `weights` is the largest difference of the weights that the journal tells of, `loss` that of
    the training loss; `since` the update from which on the hashes differed; `broken` why it ended
    before the recording did.
    """

    compared: int = 0
    different: int = 0
    weights: float = 0.0
    loss: float = 0.0
    since: int | None = None
    broken: str = ""


class Player:
    """Plays a script on a run made as its heading says; `speed` None is as fast as can be.

    Between two steps a run goes no further than the recording was by then, and where this
    machine is slower than the one of the recording, that waits.
    """

    def __init__(self, script: Script, run: Run, clock: Time, speed: float | None = None) -> None:
        self.outcome = Outcome()
        self.playing = False
        self.run = run
        self._script = script
        self._speed = speed
        self._clock = clock
        self._next = 0  # the step to come
        self._played = 0.0  # seconds of the recording
        self._looked = clock()
        self._kept: dict[tuple[int, int] | Path, Checkpoint] = {}
        self._rest = State.READY, ""  # as the recording has it
        steps = enumerate(script.steps, 1)
        self._last = {step.deed.place: k for k, step in steps if isinstance(step.deed, GoTo)}
        run.leash = 0

    @property
    def over(self) -> bool:
        return self._next == len(self._script.steps) or bool(self.outcome.broken)

    def play(self) -> None:
        """Go on; if it is playing, hold still."""
        if self.playing:
            self.hold()
        elif not self.over:
            self.playing, self._looked = True, self._clock()
            self._show_state()

    def hold(self) -> None:
        self.playing = False
        self.run.state, self.run.reason = State.PAUSED, "the replay is held; space goes on"

    def skip(self) -> None:
        """Let the time since the last look pass unnoticed."""
        self._looked = self._clock()

    def prompt(self) -> None:
        """Let the run do what is due, and tell it how far it may go."""
        try:
            self._prompt()
        except UserError as fault:  # what the journal asks cannot be done
            self.outcome.broken, self.playing = str(fault), False

    def _prompt(self) -> None:
        now, run = self._clock(), self.run
        if self.playing and run.state in _BROKEN and self._rest[0] not in _BROKEN:
            self.outcome.broken, self.playing = run.reason, False
        if self.playing and not run.busy:
            if self._speed:
                limit = self._script.steps[self._next].seconds if not self.over else math.inf
                self._played = min(self._played + (now - self._looked) * self._speed, limit)
            while not self.over and self._due(self._script.steps[self._next]):
                step = self._script.steps[self._next]
                self._next += 1
                self._do(step)
            if self.over:
                self.playing = False
            run.leash = self._leash()
        self._looked = now

    def wait(self) -> float:
        """Seconds until there is something to do besides training."""
        if not self.playing:
            return math.inf
        return _LOOK_SECONDS if self._speed else 0.0

    def view(self) -> ScriptView:
        script, outcome = self._script, self.outcome
        done = script.steps[self._next - 1].seconds if self._next else 0.0
        return ScriptView(
            script.source,
            max(done, self._played),
            script.seconds,
            self._speed,
            self.playing,
            self.over,
            outcome.compared,
            outcome.different,
        )

    def _due(self, step: Step) -> bool:
        at = self.run.trainer.updates
        goes_elsewhere = isinstance(step.deed, GoTo)
        if at > step.update and not (goes_elsewhere or isinstance(step.deed, Rest)):
            raise UserError(
                f"line {step.line:,} of the journal is about update {step.update:,}, "
                f"but {at:,} were made by then",
                self._script.source,
            )
        return at >= step.update and (not self._speed or self._played >= step.seconds)

    def _do(self, step: Step) -> None:
        run, deed = self.run, step.deed
        match deed:
            case Ask(command):
                run.obey(command)
                self._show_state()
            case Begin():
                self._rest = State.RUNNING, ""
                self._show_state()
            case Rest(state, reason):
                self._rest = state, reason
                run.trainer.diverged = state is State.DIVERGED
                self._show_state()
            case Means():
                run.trainer.pin(deed)
            case Keep(place):
                self._kept[place] = run.capture()
            case GoTo(place):
                go_to(run, self._moment(place))
                self._show_state()
            case Compare():
                self._compare(deed, step.update)

    def _show_state(self) -> None:
        self.run.state, self.run.reason = self._rest

    def _moment(self, place: tuple[int, int] | Path) -> Checkpoint:
        if place not in self._kept:
            if not isinstance(place, Path):
                raise UserError("the journal goes to a moment that never was", self._script.source)
            config = self.run.trainer.config
            found = find(place, named_by(config))
            same = all(getattr(found.config, n) == getattr(config, n) for n in _STRUCTURE)
            if not same or found.data != self.run.data.spec:
                raise UserError("it is a moment of another network or of other data", str(place))
            self._kept[place] = found.saved.checkpoint
        if self._last[place] < self._next:
            return self._kept.pop(place)
        return self._kept[place]

    def _compare(self, recorded: Compare, update: int) -> None:
        outcome, trainer = self.outcome, self.run.trainer
        if recorded.train_loss is not None:
            off = abs((trainer.record.train_loss or 0.0) - recorded.train_loss)
            # It was written in six figures: half a unit of the last one is no difference.
            if off > 1e-5 * abs(recorded.train_loss):
                outcome.loss = max(outcome.loss, off)
            return
        weights: Mapping[str, Tensor] = trainer.model.state_dict()
        now = fingerprint(weights)
        outcome.compared += 1
        if now.sha256 != recorded.sha256:
            outcome.different += 1
            outcome.since = update if outcome.since is None else outcome.since
            outcome.weights = max(outcome.weights, _apart(now, recorded))

    def _leash(self) -> float:
        """How many updates the run may have made by now."""
        if self.over:
            return self.run.trainer.updates
        step = self._script.steps[self._next]
        at = self.run.trainer.updates
        if not self._speed:
            return max(step.update, at)
        before = self._script.steps[self._next - 1].seconds if self._next else 0.0
        span = step.seconds - before
        share = (self._played - before) / span if span > 0 else 1.0
        start = self._script.steps[self._next - 1].update if self._next else 0
        if start > step.update:  # it goes back there: nothing is to be made before
            return at
        return max(at, start + math.floor((step.update - start) * min(1.0, share)))


def _apart(now: Fingerprint, recorded: Compare) -> float:
    """The largest difference of the weights told of; infinite if there are not equally many."""
    if len(now.sample) != len(recorded.sample):
        return math.inf
    return max((abs(a - b) for a, b in zip(now.sample, recorded.sample, strict=True)), default=0.0)
