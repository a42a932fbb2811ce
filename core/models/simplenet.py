"""The chapter's network: 784 inputs, 128 hidden units with ReLU, 10 outputs."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class SimpleNet(nn.Module):
    """Two linear layers with a ReLU between them.

    Takes images (n, ...) of `inputs` pixels each, returns (n, classes) logits. With the
    default sizes it is the chapter's class, weight for weight.
    """

    def __init__(self, inputs: int = 28 * 28, classes: int = 10) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, 128)
        self.fc2 = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.view(x.shape[0], -1)
        x = torch.relu(self.fc1(x))
        return self.fc2(x)  # type: ignore[no-any-return]

    def chain(self) -> list[nn.Module]:
        """The same network as a sequence, for steppers that compute it themselves."""
        return [self.fc1, nn.ReLU(), self.fc2]


def build(shape: tuple[int, ...], classes: int, _widths: tuple[int, ...]) -> nn.Module:
    return SimpleNet(math.prod(shape), classes)
