"""The screen on an engine that a script or a notebook built: until it is left, and again later."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from core.errors import TrainingError, UserError
from core.reading import reading
from core.summary import Status
from tui.display import Display
from tui.ending import EXIT, stop
from tui.interruption import Interruption
from tui.onscreen import missing_terminal
from tui.watchdog import Watchdog

if TYPE_CHECKING:
    from core.library.engine import OwnEngine

_DISPLAY = Display()


def attach(
    engine: OwnEngine,
    *,
    ascii: bool = _DISPLAY.ascii,
    mouse: bool = _DISPLAY.mouse,
    fps: int = _DISPLAY.fps,
    theme: str | None = None,
) -> None:
    """Show the engine until the screen is left; what trains then goes on, what rests rests.

    The terminal is left as it was, and the screen may be attached again. The network that the
    engine was given has the weights of the selected run afterwards. Raises UserError where there
    is no terminal, or the engine cannot load, KeyboardInterrupt if the process was told to end.
    """
    _check(engine)
    os.environ.setdefault("TEXTUAL_FPS", "120")  # see `tui.onscreen`
    with reading():
        from tui.attached import AttachedApp

    display = Display(ascii, mouse, fps)
    app = AttachedApp(engine, display, theme=theme)

    def abandon() -> int:
        stop(engine)
        return EXIT[Status.INTERRUPTED]

    with (
        Interruption() as interruption,
        Watchdog(interruption, leave=app.exit, abandon=abandon) as watchdog,
    ):
        app.run(mouse=mouse)
    if interruption.asked or watchdog.lost:
        raise KeyboardInterrupt
    snapshot = engine.snapshot
    if isinstance(snapshot.fault, UserError):
        raise snapshot.fault
    if snapshot.error:
        raise TrainingError(snapshot.error) from snapshot.fault
    engine.give_weights()


def _check(engine: OwnEngine) -> None:
    """Raise UserError where the screen cannot be shown."""
    if engine.stopped:
        raise UserError("attach: this engine was stopped; build another one")
    missing = missing_terminal()
    if missing:
        raise UserError(
            f"attach: {missing}; the screen needs one, engine.train(epochs=1) trains without"
        )
    if threading.current_thread() is not threading.main_thread():
        raise UserError("attach: the screen needs the main thread")
