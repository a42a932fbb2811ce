"""Building a network by name, with initial weights that only the seed decides."""

from __future__ import annotations

from importlib import import_module

import torch
from torch import nn

from core.models.catalog import MODELS


def build(
    name: str, shape: tuple[int, int, int], classes: int, widths: tuple[int, ...], seed: int
) -> nn.Module:
    """The network `name` for images of `shape` (channels, height, width in pixels).

    Its weights are those that `torch.manual_seed(seed)` followed by its construction give;
    torch's global generator for the processor is left as it was found.
    """
    module, _, factory = MODELS[name].factory.partition(":")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = getattr(import_module(module), factory)(shape, classes, widths)
    assert isinstance(model, nn.Module)
    return model


def title(name: str, model: nn.Module) -> str:
    """What to call a network on the screen: "SimpleNet 784-128-10", "LeNet 61,706 weights"."""
    shown = MODELS[name].title
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if any(isinstance(layer, nn.Conv2d) for layer in model.modules()):
        return f"{shown} {sum(p.numel() for p in model.parameters()):,} weights"
    return f"{shown} {linear[0].in_features}-{'-'.join(str(x.out_features) for x in linear)}"
