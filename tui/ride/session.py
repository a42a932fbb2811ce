"""What lasts from a loop's first batch to its end: its figures, its screen, what it prints."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from core.commands import Release, Start
from core.loops.commands import Printed
from core.snapshot import Snapshot
from tui.ride.beside import WindowBeside
from tui.ride.messages import Left
from tui.ride.output import Caught

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from core.loops.loop import Evaluate


class Session:
    """A loop and the screen beside it: opened with the first batch, and closed once.

    That is when it is left; when `close` says so; before a fault of the script is shown; else at
    the end of the script, where the screen stays until it is left.
    """

    def __init__(self, optimizer: Optimizer | None, evaluate: Evaluate | None) -> None:
        from core.loops.loop import Loop

        self.loop = Loop(optimizer, evaluate, publish=self._show)
        self.over = False  # there is no screen any more
        self.closed = False  # because the script said so
        self._window: WindowBeside | None = None
        self._caught: Caught | None = None
        self._closing = threading.RLock()

    def iterate(self, loader: Iterable[Any]) -> Iterator[Any]:
        """The batches of one epoch; of loaders that are drawn from by turns, the first is shown."""
        if self.loop.iterating:
            yield from loader
            return
        if self._window is None and not self.over:
            self._open()
        yield from self.loop.iterate(loader)

    def close(self) -> None:
        """Give the terminal back, with all that was printed meanwhile."""
        with self._closing:
            self.closed = True
            if self.over:
                return
            self.over = True
            if self._window:
                self._window.close()
            self._let_go()

    def _open(self) -> None:
        self._window = WindowBeside(self.loop.asked.put, self._left)
        self._caught = Caught(lambda line: self.loop.asked.put(Printed(line)))
        self._excepthook = sys.excepthook
        sys.excepthook = self._tell_fault
        atexit.register(self._stay)
        if threading.current_thread() is threading.main_thread():
            self._heed_signals()

    def _show(self, snapshot: Snapshot) -> None:
        if self._window and not self.over:
            self._window.show(snapshot, self.loop.tally.spec)

    def _left(self, left: Left | None) -> None:
        """The screen is gone, and the loop goes on without; called in another thread."""
        with self._closing:
            if self.over:
                return
            self.over = True
            self._let_go()
        self.loop.asked.put(Release())
        self.loop.asked.put(Start())
        if left and left.interrupt:
            os.kill(os.getpid(), signal.SIGINT)

    def _let_go(self) -> None:
        if self._caught:
            self._caught.release()
        if self._window and sys.excepthook == self._tell_fault:
            sys.excepthook = self._excepthook

    def _tell_fault(
        self, kind: type[BaseException], fault: BaseException, trace: TracebackType | None
    ) -> None:
        self.close()
        self._excepthook(kind, fault, trace)

    def _heed_signals(self) -> None:
        """Told to end, the process gives back the terminal first, unless it has other plans."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._end)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.close()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _stay(self) -> None:
        """At the end of the script: the last figures stand until the screen is left."""
        if self.over or self._window is None:
            return
        try:
            self.loop.finish()
            self._window.wait()
        finally:
            self.close()
