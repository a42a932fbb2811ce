"""The help: what every key does, made of the table of actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.action import Action

Rows = Sequence[tuple[str, str]]  # keys, and what they do


class HelpScreen(ModalScreen[None]):
    """One line a key, by groups; any of its closing keys leads back."""

    CSS_PATH = "help.tcss"
    BINDINGS = [("escape,question_mark,q,enter,space", "dismiss", "close")]

    def __init__(self, actions: Iterable[Action], in_panels: Rows) -> None:
        super().__init__()
        self._actions = actions
        self._in_panels = in_panels

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "up, down: more   escape closes"
            yield Static(Content("\n").join(_lines(self._actions, self._in_panels)))


def _lines(listed: Iterable[Action], in_panels: Rows) -> Iterator[Content]:
    keyed = [action for action in listed if action.keys]
    for group, actions in groupby(keyed, key=lambda action: action.group):
        yield from _group(group, [(each.key_names, each.title) for each in actions])
    yield from _group("In a panel", in_panels)


def _group(title: str, rows: Rows) -> Iterator[Content]:
    yield Content.styled(title, "bold $foreground-muted")
    for keys, meaning in rows:
        yield Content.assemble((f"{keys:>12}  ", "bold $primary"), meaning)
    yield Content()
