"""A loss that was given as an object: one of torch's by its name, or the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn import functional as F

from core.losses import LOSSES

_CLASSES: dict[type[nn.Module], str] = {
    nn.CrossEntropyLoss: "cross-entropy",
    nn.NLLLoss: "nll",
    nn.MultiMarginLoss: "multi-margin",
    nn.MSELoss: "mse",
    nn.L1Loss: "l1",
    nn.SmoothL1Loss: "smooth-l1",
    nn.HuberLoss: "huber",
    nn.PoissonNLLLoss: "poisson-nll",
}


def name_of(loss: Callable[..., Any]) -> str | None:
    """What a loss of torch's with its usual settings is called here; None for any other."""
    if isinstance(loss, nn.Module):
        name = _CLASSES.get(type(loss))
        return name if name and _settings(loss) == _settings(type(loss)()) else None
    functions = {getattr(F, function): name for name, (function, _) in LOSSES.items()}
    return functions.get(loss)


def _settings(loss: nn.Module) -> dict[str, Any]:
    """What was chosen for a loss, weights of the classes included."""
    chosen = {name: value for name, value in vars(loss).items() if not name.startswith("_")}
    chosen.pop("training")
    return {**chosen, "weights": [name for name, _ in loss.named_buffers()]}
