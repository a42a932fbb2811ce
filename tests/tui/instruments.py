"""Builders of what the instruments would tell, so that their panels are tested without them."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.figures import (
    Confusion,
    Filters,
    Histogram,
    LayerFigures,
    Layers,
    Pair,
    Remark,
    Weights,
    Wrong,
)
from core.snapshot import RunView
from tests.tui.views import digits, moment, run_view

LENET = (
    LayerFigures("conv1", 156, 0.0191, 1.46, 1.2e-3, 0.0),
    LayerFigures("conv2", 2416, 0.0366, 2.32, 9.7e-4, 0.0),
    LayerFigures("fc1", 48120, 0.0565, 6.32, 0.2, 0.05),
    LayerFigures("fc2", 10164, 0.0334, 5.27, 5.1e-6, 0.226),
    LayerFigures("fc3", 850, 0.0418, 1.83, 2.3e-3, None),
)
TOO_FAST = Remark(
    "update ratio", "update ratio of fc1 is 0.2: the learning rate is probably too high"
)


def layers(*rows: LayerFigures) -> Layers:
    """Those of LeNet, unless others are given."""
    at = moment(144_000)
    return Layers(at, rows or LENET, 0.21, 512, 0.0092, at)


def many(count: int) -> Layers:
    """So many layers, "block.0" and on."""
    return layers(*(LayerFigures(f"block.{k}", 9, 1.0, 1.0, 1e-3) for k in range(count)))


def filters(count: int = 6, side: int = 6) -> Filters:
    """Stripes, black and white, narrower and narrower."""
    images = np.stack([np.indices((side, side))[0] // (k % 3 + 1) % 2 for k in range(count)])
    names = tuple(range(count))
    return Filters("conv1", (images * 254 + 1).astype(np.uint8), names, count, (1.0,) * count)


def weights(*names: str, pictures: Filters | None = None) -> Weights:
    """A bell for each layer."""
    bell = np.round(1000 * np.exp(-(np.linspace(-4, 4, 64) ** 2)))
    told = [Histogram(name, 0.25 * (k + 1), 0.1, bell) for k, name in enumerate(names)]
    return Weights(moment(144_000), tuple(told), pictures, 0.004)


def confusion(classes: int = 10, mistakes: int = 4, *, images: bool = True) -> Confusion:
    """Each class right 980 times and taken for the next one as often as its number says."""
    names = tuple(map(str, range(classes)))
    counts = 980 * np.eye(classes, dtype=np.int64)
    for truth in range(classes):
        counts[truth, (truth + 1) % classes] = truth
    pairs = [Pair(k, (k + 1) % classes, k) for k in range(classes - 1, 0, -1)]
    places = range(mistakes)
    wrong = [Wrong(k * 7, k % classes, (k + 1) % classes, 0.99 - k / 10) for k in places]
    at = moment(144_000)
    pictures = digits(mistakes).images if images else None
    right = 980 * classes
    return Confusion(
        at,
        at,
        names,
        counts,
        tuple(pairs),
        int(counts.sum()),
        right,
        tuple(wrong),
        pictures,
        0.0123,
    )


def measured(**changes: Any) -> RunView:
    """A run of which everything was measured."""
    usual: dict[str, Any] = {
        "layers": layers(),
        "weights": weights("conv1", "fc1", pictures=filters()),
        "confusion": confusion(),
    }
    return run_view(**{**usual, **changes})
