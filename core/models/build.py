"""Building the network that the settings name, with weights that only the seed decides."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import torch
from torch import nn

from core.config import RunConfig
from core.data.spec import DataSpec
from core.errors import UserError
from core.losses import LOSSES, USUAL, Loss
from core.models.catalog import MODELS
from core.models.own import build_own


class Network(NamedTuple):
    """A network, and what training is to make small."""

    model: nn.Module
    loss: Loss


def build(config: RunConfig, data: DataSpec) -> Network:
    """The network of these settings for such data.

    Its weights are those that `torch.manual_seed(seed)` followed by its construction give;
    torch's global generator for the processor is left as it was found. Raises UserError where
    the user's own cannot be built.
    """
    _check_loss(config, data)
    spec = MODELS.get(config.model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        if spec is None:
            model, own_loss = build_own(config, data)
        else:
            module, _, factory = spec.factory.partition(":")
            make = getattr(import_module(module), factory)
            model, own_loss = make(data.shape, data.outputs, config.widths), None
    assert isinstance(model, nn.Module)
    if own_loss and config.loss == "auto":
        return Network(model, own_loss)
    return Network(model, Loss(USUAL[data.task] if config.loss == "auto" else config.loss))


def _check_loss(config: RunConfig, data: DataSpec) -> None:
    if config.loss != "auto" and LOSSES[config.loss][1] is not data.task:
        fit = ", ".join(name for name, (_, task) in LOSSES.items() if task is data.task)
        raise UserError(
            f"loss: {config.loss} does not go with {data.task}, which {data.title} is for; "
            f"there are {fit}",
            setting="loss",
        )


def title(name: str, model: nn.Module) -> str:
    """What to call a network on the screen: "SimpleNet 784-128-10", "LeNet 61,706 weights"."""
    spec = MODELS.get(name)
    shown = spec.title if spec else name.rpartition(":")[2]
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if spec is None or _convolves(model):
        return f"{shown} {sum(p.numel() for p in model.parameters()):,} weights"
    return f"{shown} {linear[0].in_features}-{'-'.join(str(x.out_features) for x in linear)}"


def _convolves(model: nn.Module) -> bool:
    return any(isinstance(layer, nn.Conv2d) for layer in model.modules())
