"""The help: what every key does, made of the table of actions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import ACTIONS
from tui.widgets.key_bar import key_names

IN_PANELS = (
    ("up down", "choose a setting, scroll the events"),
    ("left right", "give the setting the value before or after"),
    ("enter", "type a value, or choose one by name"),
    ("arrows", "among the digits: select one"),
)


class HelpScreen(ModalScreen[None]):
    """One line a key, by groups; any of its closing keys leads back."""

    BINDINGS = [("escape,question_mark,q,enter,space", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "up, down: more   escape closes"
            yield Static(Content("\n").join(_lines()))


def _lines() -> Iterator[Content]:
    keyed = [action for action in ACTIONS.values() if action.keys]
    for group, actions in groupby(keyed, key=lambda action: action.group):
        yield from _group(group, [(key_names(each), each.title) for each in actions])
    yield from _group("In a panel", IN_PANELS)


def _group(
    title: str, rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]
) -> Iterator[Content]:
    yield Content.styled(title, "bold $foreground-muted")
    for keys, meaning in rows:
        yield Content.assemble((f"{keys:>12}  ", "bold $primary"), meaning)
    yield Content()
