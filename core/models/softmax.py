"""Softmax regression: one linear layer, the simplest network there is."""

from __future__ import annotations

import math

from torch import Tensor, nn


class SoftmaxRegression(nn.Module):
    """Takes images (n, ...) of `inputs` pixels each, returns (n, classes) logits."""

    def __init__(self, inputs: int = 28 * 28, classes: int = 10) -> None:
        super().__init__()
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.view(x.shape[0], -1))  # type: ignore[no-any-return]

    def chain(self) -> list[nn.Module]:
        """The same network as a sequence, for steppers that compute it themselves."""
        return [self.fc]


def build(shape: tuple[int, ...], classes: int, _widths: tuple[int, ...]) -> nn.Module:
    return SoftmaxRegression(math.prod(shape), classes)
