"""A small convolutional network of LeNet-5's size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import UserError

_LEAST_SIDE = 12  # so that something is left after two convolutions and poolings


class LeNet(nn.Module):
    """Two convolutions with pooling, then three linear layers; ReLU throughout.

    Takes images (n, channels, height, width), returns (n, classes) logits. The layer sizes
    are those of LeNet-5 (LeCun et al., "Gradient-based learning applied to document
    recognition", 1998); ReLU and max pooling stand for its tanh and trained subsampling.
    """

    def __init__(self, shape: tuple[int, int, int] = (1, 28, 28), classes: int = 10) -> None:
        super().__init__()
        channels, height, width = shape
        self.conv1 = nn.Conv2d(channels, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        pooled = ((height // 2 - 4) // 2) * ((width // 2 - 4) // 2)
        self.fc1 = nn.Linear(16 * pooled, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = F.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)  # type: ignore[no-any-return]


def build(shape: tuple[int, ...], classes: int, _widths: tuple[int, ...]) -> nn.Module:
    """Raises UserError for inputs that are no pictures, or too small ones."""
    if len(shape) != 3 or min(shape[1:]) < _LEAST_SIDE:
        said = "x".join(map(str, shape))
        raise UserError(
            f"model: lenet takes pictures of at least {_LEAST_SIDE}x{_LEAST_SIDE} pixels, not "
            f"inputs of {said}; choose another network, such as perceptron",
            setting="model",
        )
    channels, height, width = shape
    return LeNet((channels, height, width), classes)
