"""The help: what every key does, made of the table of actions, and what the figures mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.action import Action, names_of
from tui.glossary import MEASURES, REMARKS

Rows = Sequence[tuple[str, str]]  # keys, and what they do

_KEYS = 13  # columns of the keys
_LEAST = 20  # columns of what they do
_MEASURED = "What is measured"
_REMARKED = "What is remarked on, and by which rule"


class HelpScreen(ModalScreen[None]):
    """One line a key, by groups; any of its closing keys leads back."""

    CSS_PATH = "help.tcss"
    BINDINGS = [("escape,question_mark,q,enter,space", "dismiss", "close")]

    def __init__(self, actions: Iterable[Action], in_panels: Rows) -> None:
        super().__init__()
        measured = (_MEASURED, MEASURES), (_REMARKED, REMARKS)
        self._groups = [*_groups(actions), ("In a panel", in_panels), *measured]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box") as box:
            box.border_title = "Keys, and what is measured"
            box.border_subtitle = "up, down: more   escape closes"
            yield _Text(self._groups)


class _Text(Static):
    """The groups, each line wrapped so that it goes on under itself."""

    def __init__(self, groups: Sequence[tuple[str, Rows]]) -> None:
        super().__init__()
        self._groups = groups

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002
        viewport: Size,  # noqa: ARG002
        width: int,
    ) -> int:
        return len([*_lines(self._groups, width)])

    def render(self) -> Content:
        return Content("\n").join(_lines(self._groups, self.size.width))


def _groups(listed: Iterable[Action]) -> Iterator[tuple[str, Rows]]:
    keyed = [action for action in listed if action.keys]
    for group, actions in groupby(keyed, key=lambda action: action.group):
        yield group, _rows(actions)


def _rows(actions: Iterable[Action]) -> Rows:
    """A row for each thing that can be done, with every key that ever does it."""
    keys: dict[str, dict[str, None]] = {}
    for action in actions:
        keys.setdefault(action.title, {}).update(dict.fromkeys(action.keys))
    return [(names_of(names), title) for title, names in keys.items()]


def _lines(groups: Iterable[tuple[str, Rows]], width: int) -> Iterator[Content]:
    for title, rows in groups:
        yield Content.styled(title, "bold $foreground-muted")
        for keys, meaning in rows:
            for place, text in enumerate(wrap(meaning, max(width - _KEYS - 2, _LEAST))):
                named = keys if place == 0 else ""
                yield Content.assemble((f"{named:>{_KEYS}}  ", "bold $primary"), text)
        yield Content()
