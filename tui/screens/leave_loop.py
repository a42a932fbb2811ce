"""What is to become of a loop that is not ours when its screen is left."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from tui.screens.dialogs import Dialog

GO_ON, END, INTERRUPT = "go on", "end", "interrupt"
_WAYS = (
    ("q", "leave the screen; the loop goes on"),
    ("x", "leave, and end the loop before its next batch"),
    ("ctrl+c", "interrupt the script, as it does without a screen"),
    ("escape", "stay"),
)


class LeaveLoopDialog(Dialog):
    """Answers GO_ON or END; the app hears of ctrl+c itself."""

    BINDINGS = [
        Binding("q,enter", f"dismiss('{GO_ON}')", "the loop goes on"),
        Binding("x", f"dismiss('{END}')", "the loop ends"),
    ]

    def __init__(self) -> None:
        super().__init__("leave the loop?")

    def body(self) -> ComposeResult:
        width = max(len(key) for key, _ in _WAYS)
        yield Static("\n".join(f"{key:<{width}}  {way}" for key, way in _WAYS), markup=False)
