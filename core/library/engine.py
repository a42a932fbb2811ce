"""The engine as a script or a notebook holds it: driven by words, with errors raised."""

from __future__ import annotations

import atexit
import copy
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from core import own_code
from core.commands import Change, Command, Hold, Pause, Release, Start
from core.config import STOP_CONDITIONS, RunConfig
from core.engine import Engine
from core.errors import TrainingError, UserError
from core.saving.plan import Plan
from core.snapshot import RunView, Snapshot, State

if TYPE_CHECKING:
    from torch import nn

_LOOK_SECONDS = 0.5  # how often it is looked whether Ctrl-C was pressed, where nothing else happens
_STOP_SECONDS = 30.0


class OwnEngine(Engine):
    """An engine for whoever writes Python: `with` it, or `stop` it when it is no longer needed.

    It begins to load with the first thing that is asked of it. What cannot be done is raised: a
    UserError where it can be mended, a TrainingError where training failed or diverged.

    `network` is the model that was given, if one was: it gets the weights of the run that is
    selected whenever `train` or the screen has come to its end. `given` are the names by which
    settings know what was given as an object.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        network: nn.Module | None = None,
        given: Sequence[str] = (),
        saving: Plan | None = None,
        cache: Path | None = None,
    ) -> None:
        super().__init__(config, cache=cache, saving=saving)
        self._network = network
        self._given = tuple(given)
        self._sent = 0
        self._over = False
        atexit.register(_stop, weakref.ref(self))  # a thread in torch outlives no interpreter

    # Asking

    def start(self) -> None:
        """Begin to load, unless that was done before."""
        if self._over:
            raise UserError("this engine was stopped; build another one")
        if self._thread is None:
            super().start()

    def send(self, command: Command, run: int | None = None) -> None:
        self._sent += 1
        super().send(command, run)

    def ask(self, command: Command) -> RunView:
        """Send a command and wait until it was obeyed; the selected run as it is then.

        Raises UserError if it cannot be obeyed.
        """
        before = self._loaded().notice
        self.send(command)
        wanted = self._sent
        snapshot = self._wait_for(lambda shown: shown.answered >= wanted)
        notice = snapshot.notice
        if notice and notice != before:
            raise UserError(notice.text)
        return _selected(snapshot)

    def change(self, setting: str, value: object) -> RunView:
        """Give a live setting or hyperparameter another value: change("lr", 0.1)."""
        return self.ask(Change(setting, value))

    def train(
        self,
        *,
        epochs: int | None = None,
        updates: int | None = None,
        seconds: float | None = None,
        target_accuracy: float | None = None,
    ) -> RunView:
        """Train for so many epochs, updates or training seconds more, or to an accuracy.

        Whichever is first; without any, to the stop conditions that are set. Returns the run as
        it is then, judged on its test set. Ctrl-C pauses, and is passed on.
        """
        running = self.run.state is State.RUNNING  # since a screen was left, say
        run = self.ask(Pause()) if running else self.run
        at, examples = run.at, run.training_examples
        ends: dict[str, Any] = {
            "epochs": None if epochs is None else at.examples // examples + epochs,
            "updates": None if updates is None else at.updates + updates,
            "seconds": None if seconds is None else at.seconds + seconds,
            "target_accuracy": target_accuracy,
        }
        if any(end is not None for end in ends.values()):
            for name in STOP_CONDITIONS:
                self.change(name, ends[name])
        elif not run.config.stops:
            raise UserError("train: it has no end; give it epochs, updates or seconds")
        try:
            self.ask(Start())
            snapshot = self._wait_for(lambda shown: _selected(shown).state is not State.RUNNING)
        except KeyboardInterrupt:
            self.ask(Pause())
            self.give_weights()
            raise
        self.give_weights()
        run = _selected(snapshot)
        if run.state in (State.DIVERGED, State.FAILED):
            raise TrainingError(run.reason)
        return run

    # Looking

    @property
    def run(self) -> RunView:
        """The selected run as it stands; waits until there is one."""
        return _selected(self._loaded())

    @property
    def model(self) -> nn.Module:
        """The network with the weights of the selected run: the one that was given, if one was."""
        self._loaded()
        self.give_weights()
        assert self._network is not None
        return self._network

    def give_weights(self) -> None:
        """Let the network have the weights of the selected run, if there is one."""
        if self._arena is None:
            return
        with self._at_rest():
            trained = self._arena.fleet.selected.trainer.model
            if self._network is None:
                self._network = copy.deepcopy(trained)
            else:
                self._network.load_state_dict(trained.state_dict())

    # Ending

    @property
    def stopped(self) -> bool:
        return self._over

    def stop(self, timeout: float | None = _STOP_SECONDS) -> None:
        """End it: everything that is to be saved is saved by then."""
        if self._over:
            return
        self._over = True
        if self._thread is not None:
            super().stop(timeout)
            if not self._thread.is_alive():
                self.give_weights()
        own_code.take_back(self._given)

    def __enter__(self) -> OwnEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _loaded(self) -> Snapshot:
        if not self._over:
            self.start()
        return self._wait_for(lambda shown: bool(shown.runs))

    def _wait_for(self, met: Any) -> Snapshot:
        """The first snapshot of which that is true. Raises what the engine fell over."""
        snapshot = self.snapshot
        while True:
            if isinstance(snapshot.fault, UserError):
                raise snapshot.fault
            if snapshot.error:
                raise TrainingError(snapshot.error) from snapshot.fault
            if met(snapshot):
                return snapshot
            if self._over:
                raise UserError("this engine was stopped; build another one")
            snapshot = self.wait(snapshot.revision, _LOOK_SECONDS)

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Hold whatever trains, so that weights can be read."""
        if self._over or not any(run.state is State.RUNNING for run in self.snapshot.runs):
            yield
            return
        self.ask(Hold())
        try:
            yield
        finally:
            self.ask(Release())


def _selected(snapshot: Snapshot) -> RunView:
    run = snapshot.run
    assert run is not None
    return run


def _stop(engine: weakref.ref[OwnEngine]) -> None:
    held = engine()
    if held is not None:
        held.stop()
