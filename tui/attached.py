"""The app on an engine that is not its own."""

from __future__ import annotations

from tui.app import CockpitApp


class AttachedApp(CockpitApp):
    """To leave it gives nothing up: the engine stays where it is."""

    def action_leave(self) -> None:
        self.exit()
