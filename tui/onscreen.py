"""A run on the screen: opens the app, and tidies up when it has closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.config import RunConfig
from core.engine import Engine
from core.reading import reading
from core.summary import Status
from tui.display import Display
from tui.ending import EXIT, STOP_SECONDS, conclude
from tui.interruption import Interruption
from tui.watchdog import Watchdog


def missing_terminal() -> str:
    """What keeps the app from the screen: "standard output is not a terminal"; "" if nothing."""
    streams = {"input": sys.stdin, "output": sys.stdout, "error": sys.stderr}
    for name, stream in streams.items():
        if stream is None or not stream.isatty():
            return f"standard {name} is not a terminal"
    return "this terminal cannot place text (TERM=dumb)" if os.environ.get("TERM") == "dumb" else ""


def open_app(config: RunConfig, screen: Mapping[str, Any], summary: Path | None) -> int:
    """Show the app until it is left; returns the exit status. `screen` has SCREEN's settings.

    Raises UserError if the run could not begin, or its summary not be written.
    """
    # Textual paints at most so often; ours are few, and the one that answers a key is awaited.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    with reading():
        from tui.app import CockpitApp  # brings Textual, all that the first frame waits for

    display = Display(screen["ascii"], screen["mouse"], screen["fps"])
    engine = Engine(config, wait_for_kernels=False, frames=display.fps)
    app = CockpitApp(
        engine,
        display,
        begin=screen["start"],
        quit_when_done=screen["quit"],
        theme=screen["theme"],
    )

    def leave() -> None:
        from core.commands import Pause

        engine.send(Pause())
        app.exit(return_code=EXIT[Status.INTERRUPTED])

    def end(otherwise: Status) -> Status:
        engine.stop(STOP_SECONDS)
        return conclude(engine.snapshot, config, otherwise, summary).status

    with Interruption() as interruption:
        watchdog = Watchdog(interruption, leave, abandon=lambda: end(Status.INTERRUPTED))
        watchdog.start()
        try:
            app.run(mouse=display.mouse)
        finally:
            watchdog.call_off()
        interrupted = app.return_code == EXIT[Status.INTERRUPTED]
        status = end(Status.INTERRUPTED if interrupted else Status.STOPPED)
    if interrupted:
        return EXIT[Status.INTERRUPTED]
    # Whoever sat at the screen saw a run diverge, and may have wanted it.
    return app.return_code or (0 if status is Status.DIVERGED else EXIT[status])
