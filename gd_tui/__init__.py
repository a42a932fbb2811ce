"""gd-tui for scripts and notebooks, and the one door through which its packages come in.

    engine = gd_tui.engine(model=net, data=(x, y))   # own model, own tensors
    engine.train(epochs=3)                           # without a screen
    gd_tui.attach(engine)                            # with it
    for batch in gd_tui.cockpit(loader): ...         # a loop of one's own

Nothing but the names is there until it is asked for, so that the import costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gd_tui.house import move_in

move_in()

if TYPE_CHECKING:
    from core.errors import TrainingError, UserError
    from core.library.building import engine
    from tui.__main__ import main
    from tui.attaching import attach
    from tui.ride.ride import cockpit

__all__ = ["TrainingError", "UserError", "attach", "cockpit", "engine", "main"]

_PLACES = {
    "TrainingError": "core.errors",
    "UserError": "core.errors",
    "attach": "tui.attaching",
    "cockpit": "tui.ride.ride",
    "engine": "core.library.building",
    "main": "tui.__main__",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'gd_tui' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
