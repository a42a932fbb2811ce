"""The simple gradient noise scale: how many examples it takes until the gradient beats its noise.

McCandlish et al., "An Empirical Model of Large-Batch Training", arXiv 1812.06162, appendix A.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.data.split import Split
from core.evaluation import only_looking
from core.losses import Loss
from core.measuring.weights import flat
from core.threads import use_threads

_GROUPS, _GROUP_SIZE = 64, 64  # gradients, and examples of each
_KEPT = 0.8  # of the averages, at each measurement


@dataclass(frozen=True, slots=True)
class GradientNoise:
    """One measurement: estimates without bias, which may err to either side.

    `gradient_squared` is |G|², the squared length of the training loss's gradient: below 0
    where chance has it so. `trace` is tr(Σ), the sum of the variances of single examples'
    gradients, in the same unit.
    """

    gradient_squared: float
    trace: float


def measure(
    model: nn.Module, loss: Loss, examples: Split, generator: torch.Generator, chunk: int
) -> Iterator[GradientNoise | None]:
    """Estimate |G|² and tr(Σ) of the training set (n examples, 2 or more) from two batch sizes.

    Yields None after every `chunk` of examples or fewer, so that others may go in between; the
    last thing it yields is the result. Until then the weights must not change. The small batches
    are disjoint groups, the large one is all of them, drawn by `generator`, which lives on the
    processor. The loss is a mean; dropout and running statistics are left out.
    """
    n = len(examples)
    count, size = _groups(n)
    drawn = torch.randperm(n, generator=generator)[: count * size]
    examples.expect(drawn)
    zero = torch.zeros((), device=examples.targets.device)
    total, squares = zero, []
    for group in torch.split(drawn, size):
        gradient = zero
        for some in torch.split(group, chunk):
            use_threads(1)
            gradient = gradient + _gradient(model, loss, *examples.take(some), size)
            yield None
        squares.append(gradient @ gradient)
        total = total + gradient
    small = math.fsum(torch.stack(squares).tolist()) / count
    yield _estimate(small, float(total @ total) / count**2, size, count * size, n)


class NoiseMeter:
    """The noise scale from measurement to measurement.

    A quotient of two estimates is biased, and wild where the lower one is near 0. So both are
    averaged first, each with the same exponential weights, as the paper does.
    """

    def __init__(self) -> None:
        self._gradient_squared = 0.0
        self._trace = 0.0

    def add(self, noise: GradientNoise) -> None:
        """Take in a measurement; one that is not finite says nothing."""
        if math.isfinite(noise.gradient_squared) and math.isfinite(noise.trace):
            self._gradient_squared = _faded(self._gradient_squared, noise.gradient_squared)
            self._trace = _faded(self._trace, noise.trace)

    @property
    def examples(self) -> float | None:
        """B_simple = tr(Σ) / |G|², in examples; None where the gradient is lost in its noise."""
        return self._trace / self._gradient_squared if self._gradient_squared > 0 else None


def _groups(n: int) -> tuple[int, int]:
    """How many groups there are, and of how many examples; together at most n."""
    count = min(_GROUPS, n)
    return count, min(_GROUP_SIZE, n // count)


def _gradient(model: nn.Module, loss: Loss, inputs: Tensor, targets: Tensor, size: int) -> Tensor:
    """These examples' part of the gradient of a mean loss over `size` examples, as one vector."""
    with only_looking(model), torch.inference_mode(False):  # looking, but with gradients
        parameters = [p for p in model.parameters() if p.requires_grad]
        part = loss.part(model(inputs), targets, size)
        return flat(torch.autograd.grad(part, parameters, materialize_grads=True))


def _estimate(small: float, big: float, b_small: int, b_big: int, n: int) -> GradientNoise:
    """The estimates from the mean squared lengths of gradients of `b_small` and `b_big` examples.

    A gradient of b examples, drawn from n without replacement, has the expected squared length
    |G|² + tr(Σ) (1/b - 1/n). The paper draws from all there could be: without the last term.
    """
    trace = max(0.0, small - big) / (1 / b_small - 1 / b_big)  # below 0 only by rounding
    return GradientNoise(big - trace * (1 / b_big - 1 / n), trace)


def _faded(average: float, value: float) -> float:
    """The average so far, with `value`. It begins at 0, which a quotient of two does not show."""
    return _KEPT * average + (1 - _KEPT) * value
