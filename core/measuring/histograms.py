"""How the weights of each layer are spread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from core.figures import Histogram
from core.measuring.layers import Layer
from core.threads import use_threads

BINS = 64


def histograms(layers: Sequence[Layer]) -> Iterator[tuple[Histogram, ...] | None]:
    """A histogram of each layer's weights of two or more dimensions, from -bound to bound.

    `bound` is the largest weight's size. Weights that are not finite are in no bin. Yields None
    after each layer, so that others may go in between; the last thing it yields is the result.
    """
    found = []
    for layer in layers:
        use_threads(1)
        weights = torch.cat([each.detach().flatten().float() for each in layer.matrices])
        weights = weights[torch.isfinite(weights)]
        bound = float(weights.abs().max()) if len(weights) else 0.0
        reach = bound or 1.0
        counts = torch.histc(weights, BINS, -reach, reach)
        deviation = float(weights.std(correction=0)) if len(weights) else 0.0
        found.append(Histogram(layer.name, bound, deviation, counts.cpu().double().numpy()))
        yield None
    yield tuple(found)
