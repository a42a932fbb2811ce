"""A run on the screen: opens the app, and sees to it that all ends well when it has closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.config import RunConfig
from core.engine import Engine
from core.reading import reading
from core.replaying.script import Replay
from core.saving.plan import Plan
from core.summary import Status
from tui.complaint import PROGRAM
from tui.display import Display
from tui.ending import EXIT, conclude, stop
from tui.following import follow
from tui.interruption import Interruption
from tui.unattended import see_through
from tui.watchdog import Watchdog


def missing_terminal() -> str:
    """What keeps the app from the screen: "standard output is not a terminal"; "" if nothing."""
    streams = {"input": sys.stdin, "output": sys.stdout, "error": sys.stderr}
    for name, stream in streams.items():
        if stream is None or not stream.isatty():
            return f"standard {name} is not a terminal"
    return "this terminal cannot place text (TERM=dumb)" if os.environ.get("TERM") == "dumb" else ""


def open_app(
    config: RunConfig,
    screen: Mapping[str, Any],
    saving: Mapping[str, Any],
    summary: Path | None,
    plan: Plan | None = None,
    replay: Replay | None = None,
) -> int:
    """Show the app until it is left; returns the exit status.

    `screen` and `saving` have the settings of SCREEN and SAVING; how runs are saved is `plan`'s,
    and a `replay` is played. Raises UserError if the run could not begin, or its summary not be
    written.
    """
    return _Session(config, screen, saving, summary, plan, replay).run()


class _Session:
    """An engine with its app, until both have come to their end."""

    def __init__(
        self,
        config: RunConfig,
        screen: Mapping[str, Any],
        saving: Mapping[str, Any],
        summary: Path | None,
        plan: Plan | None,
        replay: Replay | None,
    ) -> None:
        # Textual paints at most so often; ours are few, and the one that answers a key is awaited.
        os.environ.setdefault("TEXTUAL_FPS", "120")
        with reading():
            from tui.app import CockpitApp  # brings Textual, all that the first frame waits for

        self._config = config
        self._summary = summary
        self._begun = screen["start"]
        self._display = Display(screen["ascii"], screen["mouse"], screen["fps"])
        self._engine = Engine(
            config,
            wait_for_kernels=replay is not None,
            frames=self._display.fps,
            saving=plan,
            replay=replay,
        )
        self._follower = follow(self._engine, saving["tensorboard"])
        self._app = CockpitApp(
            self._engine,
            self._display,
            begin=screen["start"],
            quit_when_done=screen["quit"],
            theme=screen["theme"],
        )
        self._interruption = Interruption(keep_running=saving["keep_running"])
        self._watchdog = Watchdog(
            self._interruption, self._leave, abandon=lambda: self._end(interrupted=True)
        )

    def run(self) -> int:
        """Show the app until it is left, and end the rest; returns the exit status."""
        with self._interruption:
            try:
                with self._watchdog:
                    self._app.run(mouse=self._display.mouse)
            except BaseException:
                if not self._watchdog.lost:  # otherwise there was nothing left to write to
                    stop(self._engine)
                    self._close_follower()
                    raise
            told = self._app.return_code == EXIT[Status.INTERRUPTED]
            return self._end(interrupted=told or self._adrift)

    def _leave(self) -> None:
        """Close the app, because the process was told to end, or has no terminal any more."""
        self._app.exit(return_code=EXIT[Status.INTERRUPTED])

    def _end(self, *, interrupted: bool) -> int:
        """End the engine, at once or when it has trained to the end; returns the exit status."""
        goes_on = self._goes_on
        try:
            if goes_on:
                see_through(self._engine, self._interruption, begun=self._begun)
        finally:
            stop(self._engine)
            self._close_follower()
        otherwise = Status.INTERRUPTED if interrupted else Status.STOPPED
        status = conclude(self._engine.snapshot, self._config, otherwise, self._summary).status
        if goes_on:
            return EXIT[status]
        self._say_where()
        if interrupted:
            return EXIT[Status.INTERRUPTED]
        # Whoever sat at the screen saw a run diverge, and may have wanted it.
        return self._app.return_code or (0 if status is Status.DIVERGED else EXIT[status])

    def _close_follower(self) -> None:
        if self._follower:
            self._follower.close()

    def _say_where(self) -> None:
        """Whoever leaves is told how to come back."""
        names = [folder.name for folder in self._engine.folders]
        if names and not self._adrift:
            several = f"{len(names)} runs are saved; {PROGRAM} runs lists them"
            one = f"the run is saved; {PROGRAM} resume {names[0]} goes on with it"
            print(several if len(names) > 1 else one)

    @property
    def _adrift(self) -> bool:
        """Whether the line was dropped."""
        return self._interruption.hung_up or self._watchdog.lost

    @property
    def _goes_on(self) -> bool:
        """Whether it was, and that is no reason to end."""
        keep_running = self._interruption.keep_running
        return keep_running and self._adrift and not self._interruption.asked
