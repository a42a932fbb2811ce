"""All weights of a network as one vector, to be measured."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def flat(tensors: Iterable[Tensor]) -> Tensor:
    """A copy of them all, one after the other: (d,) float32, on their device, without a graph."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).float()
