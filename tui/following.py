"""Watching an engine from a thread of its own, for whoever writes down what it shows."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tui.complaint import complain

if TYPE_CHECKING:
    from core.engine import Engine
    from core.export.tensorboard import TensorBoard

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 10.0  # with a disk that does not answer


class Follower:
    """Hands every snapshot that it sees to TensorBoard's files, until it is told to end."""

    def __init__(self, engine: Engine, board: TensorBoard) -> None:
        self._engine = engine
        self._board = board
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what the engine shows last; call it once the engine has ended."""
        self._over.set()
        self._thread.join(_PATIENCE_SECONDS)
        if self._thread.is_alive():
            complain("TensorBoard: the disk does not answer; its files lack the end")
            return
        self._board.show(self._engine.snapshot)
        self._board.close()
        if self._board.fault:
            complain(self._board.fault)

    def _follow(self) -> None:
        revision = -1
        while not self._over.is_set():
            snapshot = self._engine.wait(revision, _LOOK_SECONDS)
            if snapshot.revision != revision:
                revision = snapshot.revision
                self._board.show(snapshot)


def follow(engine: Engine, folder: str | None) -> Follower | None:
    """Write TensorBoard's files into a folder, if one is named; raises UserError if it cannot."""
    if folder is None:
        return None
    from core.export.tensorboard import TensorBoard

    return Follower(engine, TensorBoard(Path(folder).expanduser()))
