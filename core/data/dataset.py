"""A data set: what it is, and its two halves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.data.spec import DataSpec
from core.data.split import Examples, Halves, Losing, Resident, Split

# The chapter's Normalize((0.5,), (0.5,)): pixels from 0..1 to -1..1, in every channel alike.
MEAN = 0.5
DEVIATION = 0.5


@dataclass(frozen=True, eq=False)
class Dataset:
    """The examples of one data set, to be trained on and to be judged by.

    `remarks` are what there is to say of how they were read, a line each; `sources` what they
    were, or still are, read from.
    """

    spec: DataSpec
    train: Split
    test: Split
    remarks: tuple[str, ...] = ()
    sources: tuple[Examples, ...] = ()

    @property
    def device(self) -> torch.device:
        return self.train.targets.device

    @property
    def lost(self) -> list[str]:
        """The files that could be read once and cannot be any more: others stand for them."""
        return [
            Path(source.files[place]).name
            for source in self.sources
            if isinstance(source, Losing)
            for place in source.lost.nonzero()[:, 0].tolist()
        ]

    def first(self, count: int) -> Dataset:
        """The same data set with the first `count` of its training examples alone."""
        train = self.train.first(count)
        return replace(self, spec=replace(self.spec, train=len(train)), train=train)

    def close(self) -> None:
        """Let the processes that read its examples end, if there are any."""
        self.train.close()
        self.test.close()

    def pictures(self, rows: torch.Tensor) -> NDArray[np.uint8] | None:
        """The test examples `rows` (k,) for drawing, from 0, black, to 255; None if they are none.

        (k, height, width), or (k, height, width, 3) where they are coloured.
        """
        if self.spec.levels is None:
            return None
        black, white = self.spec.levels
        inputs, _ = self.test.take(rows)
        shades = (inputs - black).mul_(255 / (white - black)).round_().clamp_(0, 255)
        pixels = shades.to("cpu", torch.uint8).numpy()
        return pixels[:, 0] if pixels.shape[1] == 1 else pixels.transpose(0, 2, 3, 1).copy()


@dataclass(frozen=True, eq=False)
class Pixels:
    """One half of a data set as it stands in its files.

    `pixels` is uint8, (examples, height, width) or (examples, height, width, 3); `labels` holds
    whole numbers, (examples,).
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[Any]


def resident(spec: DataSpec, train: Pixels, test: Pixels) -> Halves:
    """The data set whose training and test halves are given as pixels."""
    return Halves(spec, _normalised_half(train), _normalised_half(test))


def _normalised_half(half: Pixels) -> Resident:
    return Resident(normalised(half.pixels), torch.from_numpy(half.labels.astype(np.int64)))


def normalised(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """What ToTensor and then Normalize make of `pixels`, bit for bit, but for all at once.

    The same operations in the same order as torchvision's (a table or a fused multiply-add
    would round differently), in place, since the result is four times as large as the pixels.
    """
    by_channel = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    images = torch.empty(by_channel.shape)  # torch gets so much memory several times as fast
    np.copyto(images.numpy(), by_channel)
    return images.div_(255).sub_(MEAN).div_(DEVIATION)
