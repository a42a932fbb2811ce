"""A bare app that puts panels on a screen, so that each is tested without the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widget import Widget

import tui.widgets
from core.commands import Command
from tui import themes
from tui.widgets.panel import Panel
from tui.widgets.predictions import PredictionsPanel


class Stage(App[None]):
    """Shows panels side by side, and remembers what they asked for."""

    CSS = "Screen { layout: horizontal; } Panel { width: 1fr; height: 1fr; }"
    CSS_PATH = sorted(Path(tui.widgets.__file__).parent.glob("*.tcss"))

    def __init__(self, *panels: Widget, theme: str = "dark", ascii: bool = False) -> None:
        super().__init__()
        self.panels = panels
        self.asked: list[Command] = []
        self.selected: list[int] = []
        for own in themes.OWN:
            self.register_theme(own)
        self.theme = theme
        self._ascii = ascii

    def compose(self) -> ComposeResult:
        yield from self.panels

    def on_mount(self) -> None:
        self.screen.set_class(self._ascii, "-ascii")

    def on_panel_asked(self, message: Panel.Asked) -> None:
        self.asked.append(message.command)

    def on_predictions_panel_selected(self, message: PredictionsPanel.Selected) -> None:
        self.selected.append(message.place)

    @property
    def text(self) -> str:
        """What stands on the screen, line by line."""
        lines = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in line) for line in lines)


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def rows(strips: Sequence[Any]) -> list[str]:
    """The text of strips, one string a line."""
    return [strip.text for strip in strips]
