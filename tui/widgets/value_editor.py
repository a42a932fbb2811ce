"""A line in which a value is typed, over the row that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from core.commands import Command
from core.errors import UserError
from core.settings import Setting
from tui.widgets.typed_line import TypedLine


class ValueEditor(Vertical):
    """Enter applies what was typed, Escape leaves the old value, and so does an unchanged text.

    `allowed` says what may be typed. `check` makes a command of the text or raises UserError;
    then the reason is shown below and the editor stays open.
    """

    BINDINGS = [Binding("escape", "cancel", "keep the old value")]

    class Done(Message):
        """The editor has nothing more to do; `command` is None if it was left."""

        def __init__(self, command: Command | None) -> None:
            super().__init__()
            self.command = command

    def __init__(
        self, setting: Setting, value: Any, allowed: str, check: Callable[[str], Command]
    ) -> None:
        super().__init__()
        self._setting = setting
        self._old = setting.kind.write(value)
        self._allowed = allowed
        self._check = check

    def compose(self) -> ComposeResult:
        yield Static(f"{self._setting.title}:", classes="title", markup=False)
        yield TypedLine(self._old, compact=True)
        yield Static(self._allowed, classes="answer", markup=False)

    def on_mount(self) -> None:
        for line in self.query(Input):  # there is none if another key has closed the editor again
            line.focus()

    @on(Input.Submitted)
    def _apply(self, message: Input.Submitted) -> None:
        message.stop()
        if message.value.strip() == self._old:  # it may be rounded, and is not to be set so
            self.action_cancel()
            return
        try:
            command = self._check(message.value)
        except UserError as fault:
            self.add_class("-refused")
            self.query_one(".answer", Static).update(str(fault))
        else:
            self.post_message(self.Done(command))

    def action_cancel(self) -> None:
        self.post_message(self.Done(None))
