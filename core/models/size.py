"""How large a network is, and how many examples may go through it at once."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from core.evaluation import only_looking

_CONVOLUTION = 2  # times as long for a multiplication as a linear layer's, or more


class _Limits(NamedTuple):
    """Multiplications of one micro-batch's forward pass, and its fewest and most examples.

    With the backward pass, which takes twice as many, it lasts a few milliseconds: a pause waits
    for no more than that. Fewer examples would waste the device, more the memory that is near.
    """

    work: int
    fewest: int
    most: int


_OF_A_CORE = _Limits(1 << 28, 16, 8192)
_OF_A_GPU = _Limits(1 << 34, 128, 65_536)


def multiplications(model: nn.Module, example: Tensor) -> int:
    """Multiplications that `example` (1, ...) takes on its way through linear and conv layers.

    Those of a convolution, which take longer, count for more.
    """
    count = 0

    def note(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal count
        weight = layer.weight
        assert isinstance(weight, Tensor)
        each = 1 if isinstance(layer, nn.Linear) else _CONVOLUTION
        count += each * output.numel() * weight[0].numel()

    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with only_looking(model):
            model(example)
    finally:
        for hook in hooks:
            hook.remove()
    return count


def micro_batch(model: nn.Module, example: Tensor) -> int:
    """How many examples may go through the model at once: a power of two.

    It follows from the model's size and the kind of the device alone, since it decides how sums
    are rounded.
    """
    limits = _OF_A_CORE if example.device.type == "cpu" else _OF_A_GPU
    weights = sum(parameter.numel() for parameter in model.parameters())  # of layers unknown here
    fitting = limits.work // max(1, weights, multiplications(model, example))
    power = 1 << max(0, fitting.bit_length() - 1)
    return min(max(power, limits.fewest), limits.most)
