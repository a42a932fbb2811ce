"""Every strategy of core has its look and its words on the screen, and every panel its class."""

from __future__ import annotations

from itertools import combinations

import pytest

from core.strategies import STRATEGIES
from tui import layout
from tui.strategies import SHOWN
from tui.widgets.deck import KINDS


def test_every_strategy_is_shown() -> None:
    assert STRATEGIES.keys() - SHOWN.keys() == set(), "without a row in tui.strategies.SHOWN"
    assert SHOWN.keys() - STRATEGIES.keys() == set(), "unknown to core.strategies.STRATEGIES"


@pytest.mark.parametrize("aspect", ["colour", "sign", "ascii_sign"])
def test_no_two_strategies_look_alike(aspect: str) -> None:
    seen = [getattr(shown.look, aspect) for shown in SHOWN.values()]
    assert all(one != other for one, other in combinations(seen, 2))


def test_every_panel_has_a_place_and_a_class() -> None:
    assert set(layout.PANELS) == KINDS.keys()
    assert set(layout.OF_SEVERAL) < set(layout.PANELS)
