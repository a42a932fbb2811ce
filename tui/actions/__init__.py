"""Everything that a key, the palette or the mouse can do, in one table.

The bindings, the key bar, the help screen and the palette are all made of it: an action that is
added here is added everywhere.
"""

from __future__ import annotations

from tui.action import Action
from tui.actions import descent, looking, runs, screen, training
from tui.actions.choices import choices

_IN_ORDER = (  # as the key bar and the help show them
    *training.ACTIONS,
    *descent.ACTIONS,
    *runs.ACTIONS,
    *looking.ACTIONS,
    *screen.ACTIONS,
    *choices(),
)

ACTIONS: dict[str, Action] = {action.id: action for action in _IN_ORDER}
