"""Small questions over the cockpit: a number, one name of several, whether to quit."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.errors import UserError
from core.settings import Kind
from tui import format as fmt
from tui.widgets.typed_line import TypedLine


class Dialog(ModalScreen[Any]):
    """A box in the middle of the screen; escape leaves without an answer."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [("escape", "dismiss", "leave")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = self._title
            yield from self.body()

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave, once: a second Enter in one burst would take the screen below away."""
        return super().dismiss(result) if self.is_current else AwaitComplete()


class AskDialog(Dialog):
    """Asks for a value of a kind; what is not allowed is answered below the line."""

    def __init__(self, title: str, kind: Kind) -> None:
        super().__init__(title)
        self._kind = kind

    def body(self) -> ComposeResult:
        yield TypedLine(compact=True)
        yield Static(self._kind.allowed, classes="answer", markup=False)

    @on(Input.Submitted)
    def _apply(self, message: Input.Submitted) -> None:
        try:
            self.dismiss(self._kind.parse(message.value))
        except UserError as fault:
            self.add_class("-refused")
            self.query_one(".answer", Static).update(str(fault))


class ChooseDialog(Dialog):
    """Offers names, each with what it means; the current one is marked."""

    def __init__(self, title: str, names: dict[str, str], now: str) -> None:
        super().__init__(title)
        self._names = names
        self._now = now

    def body(self) -> ComposeResult:
        width = max(map(len, self._names))
        options = [
            Option(_two_columns(name, meaning, width), id=name)
            for name, meaning in self._names.items()
        ]
        chooser = OptionList(*options, compact=True)
        chooser.highlighted = list(self._names).index(self._now)
        yield chooser

    @on(OptionList.OptionSelected)
    def _choose(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(message.option_id)


def _two_columns(name: str, meaning: str, width: int) -> Table:
    """A name and its meaning, of which longer ones go on under themselves."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=width, style="bold")
    table.add_column(ratio=1)
    table.add_row(name, meaning)
    return table


class QuitDialog(Dialog):
    """Asks once more before runs are left: q again, or Enter, means yes."""

    BINDINGS = [("q,enter,y", "dismiss(True)", "quit")]

    def __init__(self, runs: int, updates: int, *, saved: bool) -> None:
        super().__init__("quit?")
        self._runs = runs
        self._updates = updates
        self._saved = saved

    def body(self) -> ComposeResult:
        made = fmt.plural(self._updates, "update")
        who = "This run has" if self._runs == 1 else f"These {self._runs} runs have"
        kept = "They are saved: gd-tui resume goes on." if self._saved else "They are not kept."
        yield Static(f"{who} made {made}. {kept}", markup=False)
        yield Static("q again: quit     escape: stay", classes="answer", markup=False)
