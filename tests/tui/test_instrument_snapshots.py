"""Pictures of the instruments' panels, held against those in __snapshots__.

Made anew as those of `test_snapshots`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.tui.instruments import TOO_FAST, filters, measured, weights
from tests.tui.stage import Stage
from tui.display import Display
from tui.widgets.confusion import ConfusionPanel
from tui.widgets.layers import LayersPanel
from tui.widgets.panel import Panel
from tui.widgets.weights import WeightsPanel

PANELS: dict[str, type[Panel]] = {
    "layers": LayersPanel,
    "weights": WeightsPanel,
    "confusion": ConfusionPanel,
}
SIZES = {"34x14": (34, 14), "100x24": (100, 24)}
LOOKS: dict[str, tuple[str, bool]] = {
    "dark": ("dark", False),
    "light": ("light", False),
    "ascii": ("dark", True),
}
RUN = measured(
    remarks=(TOO_FAST,),
    weights=weights("conv1", "conv2", "fc1", pictures=filters(6, 5)),
)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PANELS)
def test_an_instrument(snap_compare: Callable[..., bool], name: str, size: str, look: str) -> None:
    theme, ascii = LOOKS[look]
    panel = PANELS[name](Display(ascii=ascii))

    async def show(pilot: Pilot[None]) -> None:
        panel.show(RUN)
        await pilot.pause()

    stage = Stage(panel, theme=theme, ascii=ascii)
    assert snap_compare(stage, terminal_size=SIZES[size], run_before=show)
