"""A data set in memory: every example as one resident tensor, normalised once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.data.catalog import DataSpec

# The chapter's Normalize((0.5,), (0.5,)): pixels from 0..1 to -1..1, in every channel alike.
MEAN = 0.5
DEVIATION = 0.5


@dataclass(frozen=True, eq=False)
class Dataset:
    """The examples of one data set, to be trained on and to be looked at.

    Images are float32 (examples, channels, height, width), normalised; labels are int64
    (examples,). `test_pixels` are the test images as they were, uint8, (examples, height,
    width) or (examples, height, width, 3), for drawing; they stay in the computer's memory
    and are never written.
    """

    spec: DataSpec
    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    test_pixels: NDArray[np.uint8]

    def first(self, count: int) -> Dataset:
        """The same data set with the first `count` of its training examples alone."""
        images, labels = self.train_images[:count], self.train_labels[:count]
        spec = replace(self.spec, train=len(labels))
        return replace(self, spec=spec, train_images=images, train_labels=labels)

    def to(self, device: torch.device | str) -> Dataset:
        """The same data set with its tensors on `device`."""
        return replace(
            self,
            train_images=self.train_images.to(device),
            train_labels=self.train_labels.to(device),
            test_images=self.test_images.to(device),
            test_labels=self.test_labels.to(device),
        )


@dataclass(frozen=True, eq=False)
class Examples:
    """One half of a data set as it stands in its files.

    `pixels` is uint8, (examples, height, width) or (examples, height, width, 3); `labels` holds
    whole numbers, (examples,).
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[Any]


def resident(spec: DataSpec, train: Examples, test: Examples) -> Dataset:
    """The data set whose training and test halves are given as pixels."""
    test_pixels = np.ascontiguousarray(test.pixels)
    test_pixels.flags.writeable = False
    return Dataset(
        spec=spec,
        train_images=normalised(train.pixels),
        train_labels=torch.from_numpy(train.labels.astype(np.int64)),
        test_images=normalised(test.pixels),
        test_labels=torch.from_numpy(test.labels.astype(np.int64)),
        test_pixels=test_pixels,
    )


def normalised(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """What ToTensor and then Normalize make of `pixels`, bit for bit, but for all at once.

    The same operations in the same order as torchvision's (a table or a fused multiply-add
    would round differently), in place, since the result is four times as large as the pixels.
    """
    by_channel = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    images = torch.empty(by_channel.shape)  # torch gets so much memory several times as fast
    np.copyto(images.numpy(), by_channel)
    return images.div_(255).sub_(MEAN).div_(DEVIATION)
