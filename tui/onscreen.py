"""A run on the screen: opens the app, and tidies up when it has closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.config import RunConfig
from core.engine import Engine
from core.summary import Status
from tui.display import Display
from tui.ending import EXIT, STOP_SECONDS, conclude

_SIGNAL = 128  # the app's return code is this and the signal's number when one ended it


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
    from tui.app import CockpitApp  # brings Textual, all that the first frame waits for

    engine = Engine(config)
    display = Display(screen["ascii"], screen["mouse"], screen["fps"])
    app = CockpitApp(
        engine,
        display,
        begin=screen["start"],
        quit_when_done=screen["quit"],
        theme=screen["theme"],
    )
    try:
        app.run(mouse=display.mouse)
    finally:
        engine.stop(STOP_SECONDS)
    signalled = (app.return_code or 0) > _SIGNAL
    otherwise = Status.INTERRUPTED if signalled else Status.STOPPED
    status = conclude(engine.snapshot, config, otherwise, summary).status
    if signalled:
        return EXIT[Status.INTERRUPTED]
    # Whoever sat at the screen saw a run diverge, and may have wanted it.
    return app.return_code or (0 if status is Status.DIVERGED else EXIT[status])
