"""A line to type in that takes its keys in the order in which they were pressed."""

from __future__ import annotations

from textual.events import Key
from textual.widgets import Input


class TypedLine(Input):
    """An input whose editing keys act at once, as its letters do.

    Textual's own lets a bound key, such as backspace, travel up to the app before it acts;
    what was typed after it in one burst is there by then, and is what it deletes.
    """

    async def _on_key(self, event: Key) -> None:
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)
            return
        await super()._on_key(event)
