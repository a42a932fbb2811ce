"""The filters of the first layer of a model of pictures, as pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.data.spec import DataSpec
from core.figures import Filters
from core.measuring.layers import layers_of

MOST = 64


def filters_of(model: nn.Module, data: DataSpec) -> Filters | None:
    """The filters of the first layer that takes the pictures themselves; None where none does.

    Those of a convolution are as large as its kernel, those of a linear layer as large as the
    pictures. There are `MOST` at most, those with the longest weights.
    """
    if data.levels is None or data.shape[0] not in (1, 3):
        return None
    for layer in layers_of(model):
        weights = _of_pictures(layer.module, data)
        if weights is not None:
            return _pictured(layer.name, weights.detach().float())
    return None


def _of_pictures(layer: nn.Module, data: DataSpec) -> Tensor | None:
    """The weights (k, channels, height, width) of a layer that takes such pictures."""
    if isinstance(layer, nn.Conv2d) and layer.weight.shape[1] == data.shape[0]:
        return layer.weight
    if isinstance(layer, nn.Linear) and layer.in_features == data.features:
        return layer.weight.view(-1, *data.shape)
    return None


def _pictured(name: str, weights: Tensor) -> Filters:
    strengths = weights.flatten(1).norm(dim=1)
    chosen = torch.argsort(strengths, descending=True, stable=True)[:MOST]
    images = in_grey(weights[chosen]).permute(0, 2, 3, 1).cpu().numpy()
    return Filters(
        name,
        images[..., 0].copy() if images.shape[-1] == 1 else images.copy(),
        tuple(chosen.tolist()),
        len(weights),
        tuple(strengths[chosen].tolist()),
    )


def in_grey(weights: Tensor) -> Tensor:
    """Weights (k, ...) as shades, uint8: 0 is 128, and each one's largest is 1 or 255."""
    largest = weights.flatten(1).abs().amax(1).view(-1, *[1] * (weights.dim() - 1))
    shares = torch.nan_to_num(weights / largest)
    return shares.mul(127).add(128).round_().clamp_(1, 255).to(torch.uint8)
