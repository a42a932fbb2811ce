"""The line at the bottom: the keys that matter now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from textual.content import Content
from textual.keys import format_key

from core.snapshot import Snapshot
from tui.action import Action
from tui.widgets.lines import Lines


class KeyBar(Lines):
    """Whole entries only: where it is narrow, the less important ones are left out.

    Which fit is worked out only when other actions apply, or there is another width.
    """

    def __init__(self, actions: Iterable[Action]) -> None:
        super().__init__(id="key-bar")
        self._actions = [each for each in actions if each.label]
        self._applying: list[Action] = []

    def show(self, snapshot: Snapshot) -> None:
        applying = [each for each in self._actions if each.applies(snapshot)]
        if applying != self._applying:
            self._applying = applying
            self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        entries = _fitting(self._applying, self.size.width - 1)
        self.write(Content("  ").join(entries).pad_left(1))


def _fitting(actions: Sequence[Action], room: int) -> list[Content]:
    """The entries of as many actions as there is room for, the most important ones first."""
    kept: list[Content] = []
    chosen: set[str] = set()
    for label in dict.fromkeys(each.label for each in sorted(actions, key=lambda it: it.rank)):
        entries = _entries([each for each in actions if each.label in chosen | {label}])
        if sum(entry.cell_length + 2 for entry in entries) - 2 <= room:
            kept, chosen = entries, chosen | {label}
    return kept


def _entries(actions: Sequence[Action]) -> list[Content]:
    """Keys and label; neighbours that share a label become one entry."""
    return [
        Content.assemble(
            (" ".join(format_key(action.keys[0]) for action in group), "bold $primary"),
            (f" {label}", "$foreground-muted"),
        )
        for label, group in groupby(actions, key=lambda action: action.label)
    ]
