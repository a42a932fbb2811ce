"""A loop that is not ours, as the screen sees and steers it: batch by batch, in its own thread."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from torch.optim import Optimizer

from core.commands import (
    Advance,
    Change,
    Command,
    FinishEpoch,
    Hold,
    LookBack,
    Pause,
    Release,
    Select,
    ShowDigits,
    ShowInstruments,
    Start,
)
from core.config import RunConfig
from core.errors import UserError
from core.loops import steering
from core.loops.batches import Batches
from core.loops.commands import EndLoop, Printed
from core.loops.tally import Tally
from core.loops.view import view
from core.optimizers.table import HYPERPARAMETERS
from core.pace import Pace
from core.snapshot import Notice, Snapshot, State

Asked: TypeAlias = Command | EndLoop | Printed
Evaluate = Callable[[], "float | tuple[float, float]"]

_FRAME_SECONDS = 0.2


class Loop:
    """Hands out the batches of a loader, and looks at what becomes of them.

    Safe points lie before each batch is drawn: there commands are obeyed, and there it waits
    while it is paused. `asked` is where others put commands; `publish` is given each snapshot.
    `evaluate` is called at the end of each epoch and returns the test loss, or that and the
    accuracy, a share of 1.
    """

    def __init__(
        self,
        optimizer: Optimizer | None = None,
        evaluate: Evaluate | None = None,
        publish: Callable[[Snapshot], object] = lambda _snapshot: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.asked: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        self.tally = Tally(optimizer, clock)
        self.state = State.RUNNING
        self.ended = False  # no batch will be handed out any more
        self.iterating = False
        self._evaluate = evaluate
        self._publish = publish
        self._clock = clock
        self._pace = Pace()
        self._speed: float | None = None
        self._size: int | None = None  # that was chosen on the screen
        self._goal = math.inf  # the update to pause after
        self._to_epoch_end = False
        self._held = False
        self._answered = 0
        self._notice: Notice | None = None
        self._published_at = -math.inf
        self._shown = self.state
        self._revision = 0

    @property
    def config(self) -> RunConfig:
        """What of a run's settings a loop has, too."""
        tally = self.tally
        return RunConfig(
            strategy="mini-batch",
            batch_size=(tally.batches.size if tally.batches else None) or 1,
            optimizer=tally.spec.name,
            hyperparameters=tally.values,
            speed=self._speed,
        )

    def iterate(self, loader: Iterable[Any]) -> Iterator[Any]:
        """The batches of one epoch; none once the loop was ended."""
        batches = self._take_up(loader)
        self.tally.witness.open()
        self.iterating = True
        try:
            source = iter(batches.loader)
            while self._safe_point():
                began = self._clock()
                try:
                    batch = next(source)
                except StopIteration:
                    self._end_epoch()
                    return
                try:
                    yield batch
                finally:  # also where the loop breaks off
                    self._note(batch, self._clock() - began)
        finally:
            self.iterating = False
            self.tally.witness.close()
            self.show()

    def finish(self) -> None:
        """There will be no more batches: the loop itself is over."""
        self.state, self.ended = State.FINISHED, True
        self.show()

    def show(self) -> None:
        """Publish how all stands."""
        self.tally.settle()
        self._revision += 1
        self._published_at, self._shown = self._clock(), self.state
        shown = Snapshot(self._revision, notice=self._notice, answered=self._answered)
        if self.tally.known or self.ended:
            runs = (view(self.tally, self.state, self.config),)
            shown = replace(shown, loading=None, runs=runs, held=self._held)
        self._publish(shown)

    def _take_up(self, loader: Iterable[Any]) -> Batches:
        """Draw from a loader; a batch size that was chosen on the screen holds for it, too."""
        batches = self.tally.batches
        if batches is None or batches.given is not loader:
            batches = self.tally.batches = Batches(loader, self._size)
            self.tally.begin_phase(batches.size or 1)
        return batches

    def _note(self, batch: Any, seconds: float) -> None:
        self._pace.made(self.tally.note(batch, seconds), self._speed)
        if self.tally.made >= self._goal:
            self._rest()
        if self._stale or self.tally.full:
            self.show()

    @property
    def _stale(self) -> bool:
        return self._clock() - self._published_at >= _FRAME_SECONDS

    def _end_epoch(self) -> None:
        self.tally.settle()
        self.tally.epochs += 1
        if self._evaluate:
            self.tally.judge(self._evaluate)
        if self._to_epoch_end:
            self._rest()

    # Safe points

    def _safe_point(self) -> bool:
        """Obey, and wait as long as nothing may go on; False if nothing is to any more."""
        obeyed = self._obey_all()
        while not self.ended:
            wait = self._wait()
            if obeyed or self.state is not self._shown or (wait and self._stale):
                self.show()
            if wait <= 0:
                return True
            obeyed = self._obey_all(wait)
        return False

    def _wait(self) -> float:
        """Seconds until the next batch may be drawn."""
        if self._held or self.state is not State.RUNNING:
            return math.inf
        now = self._clock()
        self._pace.allowed(self._speed, now)
        return self._pace.wait(now)

    def _obey_all(self, wait: float = 0.0) -> bool:
        """Obey what was asked, or is asked within so many seconds; whether there was anything."""
        before = self._answered
        try:
            if wait:
                self._obey(self.asked.get(timeout=None if math.isinf(wait) else wait))
            while True:
                self._obey(self.asked.get_nowait())
        except queue.Empty:
            return self._answered > before

    def _obey(self, command: Asked) -> None:
        if isinstance(command, Printed):
            self.tally.record.add_event(self.tally.at, "printed", after=command.line)
            return
        self._answered += 1
        try:
            self._carry_out(command)
        except UserError as fault:
            self._notice = Notice(self._notice.number + 1 if self._notice else 1, str(fault))

    def _carry_out(self, command: Asked) -> None:
        match command:
            case Start():
                self._go()
            case Advance(updates):
                self._go(self.tally.made + updates)
            case FinishEpoch():
                self._go()
                self._to_epoch_end = True
            case Pause():
                self._rest()
            case Hold():
                self._held = True
            case Release():
                self._held = False
                self.tally.meter.clear()
            case Change(setting, value):
                self._change(setting, value)
            case EndLoop():
                self.state, self.ended = State.FINISHED, True
            case LookBack() | Select() | ShowDigits() | ShowInstruments():
                pass  # there is nothing of the kind to be seen
            case _:
                raise UserError("that cannot be asked of a loop that is not gd-tui's own")

    def _go(self, goal: float = math.inf) -> None:
        self._goal, self._to_epoch_end = goal, False
        self.state = State.RUNNING
        self.tally.meter.clear()

    def _rest(self) -> None:
        self._goal, self._to_epoch_end = math.inf, False
        self.state = State.PAUSED
        self.tally.meter.clear()

    def _change(self, setting: str, value: object) -> None:
        tally = self.tally
        tally.settle()
        if setting == "speed":
            self._speed = RunConfig().changed(setting, value).speed
            return
        if setting in HYPERPARAMETERS:
            said = steering.rewrite(tally.witness.optimizer, tally.spec, setting, value)
            tally.look_at_optimizer()
        elif setting == "batch_size" and tally.batches:
            said = steering.resize(tally.batches, value)
            self._size = tally.batches.size
            tally.begin_phase(self._size or 1)
        else:
            raise steering.other_setting(setting)
        before, after, note = said
        if before != after:
            tally.record.add_event(tally.at, setting, before, after, note)
