"""The worker thread: loads, drives the runs, takes commands, publishes snapshots.

Two threads, two owners: only the worker, and those it lends its work to, touch tensors, only the
screen touches widgets. Between them stand a queue of commands inward and one slot outward, in
which the latest snapshot wins. This module imports no torch: the worker does, while the screen is
already up.
"""

from __future__ import annotations

import math
import queue
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from core.config import RunConfig
from core.errors import UserError
from core.reading import reading
from core.snapshot import Loading, Notice, Snapshot
from core.wish import Wish

if TYPE_CHECKING:
    from core.arena import Arena
    from core.commands import Command
    from core.replaying.player import Player
    from core.replaying.script import Replay
    from core.run import Run
    from core.saving.folder import RunFolder
    from core.saving.keeper import Keeper
    from core.saving.plan import Plan
    from core.view import Views

_SWITCH_SECONDS = 0.0001


class _Refresh:
    """Asks for nothing but a new snapshot."""


_REFRESH = _Refresh()
_Asked: TypeAlias = "Command | _Refresh | None"


class Engine:
    """Trains as `config` says and as commands ask, in a thread of its own.

    `start` starts the thread; a test may call `load` and `turn` instead and be the worker.
    `cache` is where downloaded data sets are kept, by default the user's cache directory.
    Compiled kernels are waited for, so that the same run is made of the same steps; unless
    `wait_for_kernels` is off: then training begins without them if need be, and the change to
    them is an event. While it trains, a snapshot is made `frames` times a second, and whenever a
    command was obeyed. Runs are saved as `saving` says, or not at all; if it names one to go on
    with, that has settings of its own. With a `replay` the first run is led through a script.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        cache: Path | None = None,
        wait_for_kernels: bool = True,
        frames: float = 10,
        saving: Plan | None = None,
        replay: Replay | None = None,
    ) -> None:
        self.config = config
        self.snapshot = Snapshot()
        self._wish = Wish(config, cache, wait_for_kernels, saving, replay)
        self._frame_seconds = 1 / frames
        self._clock = time.perf_counter
        self._commands: queue.SimpleQueue[tuple[_Asked, int | None]] = queue.SimpleQueue()
        self._published = threading.Condition()
        self._published_at = -math.inf
        self._answered = 0
        self._stale = False  # the last snapshot does not show all that happened
        self._ended = False
        self.player: Player | None = None
        self._keeper: Keeper | None = None
        self._arena: Arena | None = None
        self._views: Views | None = None
        self._notice: Notice | None = None
        self._thread: threading.Thread | None = None

    # For the screen's thread

    def start(self) -> None:
        # The worker trains without the interpreter's lock, and wants it back for a moment after
        # each slice; a screen that is drawing shall not keep it for Python's usual 5 ms.
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()

    def send(self, command: Command, run: int | None = None) -> None:
        """Ask something of a run, by its id, or of the selected one.

        It is honoured at the next safe point.
        """
        self._commands.put((command, run))

    @property
    def folders(self) -> list[RunFolder]:
        """Where the runs are saved, as far as they are."""
        return self._keeper.folders() if self._keeper else []

    def detach(self) -> None:
        """The process goes on without a terminal: whoever wants a run may ask it to end."""
        if self._keeper:
            self._keeper.detach()

    def stop(self, timeout: float | None = 5.0) -> None:
        """End the thread and wait for it; everything is saved by then."""
        self._commands.put((None, None))
        if self._thread is not None:
            self._thread.join(timeout)

    def wait(self, revision: int, timeout: float | None = None) -> Snapshot:
        """The first snapshot found newer than `revision`, or the latest once time is out."""
        with self._published:
            self._published.wait_for(lambda: self.snapshot.revision > revision, timeout)
            return self.snapshot

    # For the worker

    def load(self) -> None:
        """Load torch, the data and the model; a failure is published, not raised."""
        try:
            self._load()
        except UserError as fault:
            self._publish(replace(self.snapshot, loading=None, error=str(fault), fault=fault))
        except Exception as fault:
            self._publish_fault(fault)

    @property
    def at_rest(self) -> bool:
        """Whether all was done and published, until another command comes."""
        return self._commands.empty() and not self._stale and math.isinf(self._wait())

    def turn(self, *, block: bool = False) -> bool:
        """Take what was asked, let the runs work for a while, publish; False once shut down.

        A single run works for a slice, several until the next frame is due. With `block`, waits
        while there is nothing to do: until a command comes, or until the speed limit allows the
        next update.
        """
        answered = self._answered
        self._take_commands(block and not self._stale)
        if self._answered > answered:  # before the next slice: somebody is waiting for it
            self._publish_runs(brief=True)
        worked = self._work()
        self._stale = self._stale or worked
        if self._stale and (not worked or self._until_frame() <= 0):
            self._publish_runs(final=not worked)
        return not self._ended

    def _work(self) -> bool:
        """Let the runs work; False if none of them had anything to do."""
        if self._arena is None:
            return False
        try:
            worked = self._arena.work(
                lambda: self._until_frame() if self._commands.empty() else 0.0
            )
            if self._keeper is not None:
                self._keeper.look(self._arena.fleet.everyone, resting=math.isinf(self._wait()))
            return worked
        except Exception as fault:  # what is wrong between runs shall not end them all
            self._arena.fail(fault)
            return True

    def _until_frame(self) -> float:
        """Seconds until a snapshot is due."""
        return self._published_at + self._frame_seconds - self._clock()

    def _wait(self) -> float:
        """Seconds until there is something to do."""
        return self._arena.wait() if self._arena else math.inf

    def _serve(self) -> None:
        self.load()
        if self._arena is not None:
            from core.threads import settle_in

            settle_in()
        try:
            while self.turn(block=True):
                pass
        except Exception as fault:  # the last word of a broken engine reaches the screen
            self._publish_fault(fault)
        finally:
            self.close()

    def close(self) -> None:
        """Save everything as it is now; the worker's last act."""
        if self._keeper is not None and self._arena is not None:
            self._keeper.close(self._arena.fleet.everyone)
        self._publish_runs(final=True)
        if self._arena is not None:
            for run in self._arena.fleet.everyone:
                run.data.close()

    def _load(self) -> None:
        self._say_loading("loading torch", 0.05)
        with reading():
            from core.loading import load

        commands = self._commands  # alone: an engine that its own parts know is hard to be rid of

        def refresh() -> None:
            commands.put((_REFRESH, None))

        loaded = load(self._wish, self._clock, self._say_loading, refresh)
        self.config, self.player = loaded.config, loaded.player
        self._arena, self._views, self._keeper = loaded.arena, loaded.views, loaded.keeper
        self._publish_runs(final=True)
        # last: it holds the lock, and would keep torch and the data waiting
        loaded.kernels.begin(refresh)

    def _say_loading(self, what: str, share: float) -> None:
        self._publish(replace(self.snapshot, loading=Loading(what, share)))

    def _take_commands(self, block: bool) -> None:
        if block:
            wait = min(self._wait(), self._keeper.wait() if self._keeper else math.inf)
            try:
                self._obey(*self._commands.get(timeout=wait if math.isfinite(wait) else None))
            except queue.Empty:
                return
        while not self._commands.empty():
            self._obey(*self._commands.get())

    def _obey(self, command: _Asked, run: int | None) -> None:
        """Do what was asked of a run; None, which only `stop` asks, ends the thread."""
        self._stale = True
        if isinstance(command, _Refresh):
            if self._arena is not None:
                self._arena.refresh()
            return
        self._answered += 1
        if command is None:
            self._ended = True
        elif self._arena is not None:
            try:
                self._carry_out(command, self._arena.fleet.find(run))
            except UserError as fault:
                number = self._notice.number + 1 if self._notice else 1
                self._notice = Notice(number, str(fault))

    def _carry_out(self, command: Command, run: Run) -> None:
        assert self._arena is not None
        try:
            self._arena.obey(command, run)
        except UserError:
            raise
        except Exception as fault:  # whatever torch or a model raises
            run.fail(fault)

    def _publish_runs(self, *, final: bool = False, brief: bool = False) -> None:
        self._stale = not final
        arena = self._arena
        if arena is not None and self._views is not None:
            self._publish(
                replace(
                    self.snapshot,
                    loading=None,
                    runs=self._views.all(final=final, brief=brief),
                    notice=self._notice,
                    answered=self._answered,
                    selected=arena.fleet.selected.id,
                    base=arena.base,
                    race=arena.standing(),
                    paths=self.snapshot.paths if brief else arena.paths(final=final),
                    dropped=arena.fleet.dropped,
                    held=arena.held,
                )
            )

    def _publish_fault(self, fault: Exception) -> None:
        said = " ".join(f"{type(fault).__name__}: {fault}".split())
        self._publish(replace(self.snapshot, loading=None, error=said, fault=fault))

    def _publish(self, snapshot: Snapshot) -> None:
        with self._published:
            self.snapshot = replace(snapshot, revision=self.snapshot.revision + 1)
            self._published_at = self._clock()
            self._published.notify_all()
