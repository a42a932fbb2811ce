"""The terminal side: the command line, and the Textual app that shows and steers the engine.

`tui.attach(engine)` shows an engine that a script built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.attaching import attach

__all__ = ["attach"]


def __getattr__(name: str) -> Any:
    if name != "attach":
        raise AttributeError(f"module 'tui' has no attribute {name!r}")
    from tui.attaching import attach

    return attach
