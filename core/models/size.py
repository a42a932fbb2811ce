"""How large a network is, and how many examples may go through it at once."""

from __future__ import annotations

from torch import Tensor, nn

from core.evaluation import only_looking

# Multiplications of one micro-batch's forward pass: with the backward pass, which takes twice as
# many, a few milliseconds on one core. A pause waits for no more than that.
_MICRO_BATCH_WORK = 1 << 28
_CONVOLUTION = 2  # times as long for a multiplication as a linear layer's, or more
_FEWEST, _MOST = 16, 8192  # fewer would waste the processor, more its cache


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

    It follows from the model's size alone, since it decides how sums are rounded.
    """
    fitting = _MICRO_BATCH_WORK // max(1, multiplications(model, example))
    power = 1 << max(0, fitting.bit_length() - 1)
    return min(max(power, _FEWEST), _MOST)
