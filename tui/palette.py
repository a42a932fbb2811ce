"""The palette: every action that applies now, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.action import Action
from tui.actions import ACTIONS
from tui.screens.cockpit import CockpitScreen


def _with_keys(action: Action, title: Content) -> Content:
    if not action.keys:
        return title
    return Content.assemble(title, (f"   {action.key_names}", "$foreground-muted"))


class ActionProvider(Provider):
    """Feeds Textual's palette from the table of actions."""

    _done = False

    async def discover(self) -> Hits:
        for action in self._applying():
            yield DiscoveryHit(_with_keys(action, Content(action.title)), self._doing(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._applying():
            score = matcher.match(action.title)
            if score > 0:
                marked = matcher.highlight(action.title)
                yield Hit(score, _with_keys(action, marked), self._doing(action))

    def _applying(self) -> Iterator[Action]:
        now = self._cockpit.host.engine.snapshot
        return (each for each in ACTIONS.values() if each.applies(now))

    def _doing(self, action: Action) -> Callable[[], None]:
        def do() -> None:
            if not self._done:  # Enter twice in one burst asks for it twice
                self._done = True
                action.do(self._cockpit)

        return do

    @property
    def _cockpit(self) -> CockpitScreen:
        screen = self.screen
        assert isinstance(screen, CockpitScreen)
        return screen
