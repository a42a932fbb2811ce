"""The user's own network: built by their factory, and tried before it trains."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from core import own_code
from core.config import RunConfig
from core.data.spec import DataSpec
from core.errors import UserError
from core.losses import Loss

_SETTING = "model"


def build_own(config: RunConfig, data: DataSpec) -> tuple[nn.Module, Loss | None]:
    """What the factory returns: a network, or a network and its loss.

    The factory is called with the arguments that were given; of `shape` (of one example's
    input), `classes` (how many) and `outputs` (of classes, or of numbers to be told) with those
    that it takes. A loss takes outputs (n, ...) and targets (n, ...) and returns their mean.
    Raises UserError if it fails, or returns something else.
    """
    factory = own_code.load(config.model, _SETTING)
    offered = {"shape": data.shape, "classes": len(data.classes), "outputs": data.outputs}
    given = own_code.arguments(config.model_arg)
    returned = own_code.call(factory, given, offered, config.model, _SETTING)
    model, loss = (
        returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, None)
    )
    if not isinstance(model, nn.Module) or not (loss is None or callable(loss)):
        raise UserError(
            f"model: {config.model} returned {_kinds(returned)}; it must be an nn.Module, or an "
            "nn.Module and a loss",
            setting=_SETTING,
        )
    _settle(model, data, config.model)
    _check_weights(model, config.model)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UserError(f"model: {config.model} has no weights to train", setting=_SETTING)
    return model, Loss(getattr(loss, "__name__", "own"), loss) if loss else None


def _check_weights(model: nn.Module, name: str) -> None:
    """Raise UserError for weights that have no values, or train in anything but float32."""
    for layer, weight in model.named_parameters():
        if weight.is_meta:
            raise UserError(
                f"model: {name} has weights without values ({layer}, on the device meta)",
                setting=_SETTING,
            )
        if weight.requires_grad and weight.dtype != torch.float32:
            kind = str(weight.dtype).removeprefix("torch.")
            raise UserError(
                f"model: {name} has weights of {kind} ({layer}); they must be float32, as "
                "model.float() makes them (--precision says how products are computed)",
                setting=_SETTING,
            )


def _kinds(returned: object) -> str:
    if isinstance(returned, tuple):
        return "(" + ", ".join(type(each).__name__ for each in returned) + ")"
    return type(returned).__name__


def _settle(model: nn.Module, data: DataSpec, name: str) -> None:
    """Let layers that learn their size from the first input do so."""
    if any(is_lazy(parameter) for parameter in model.parameters()):
        with torch.no_grad():
            own_code.call(lambda: model(torch.zeros(2, *data.shape)), {}, {}, name, _SETTING)
