"""Image files as examples: each decoded when it is asked for."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from core.data.dataset import normalised

_GREY_MODES = ("1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I")
_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I")  # 16 bits a pixel
_END_OF_JPEG = b"\xff\xd9"


class Look(NamedTuple):
    """What an image file says of itself: width and height in pixels, whether it is grey."""

    size: tuple[int, int]
    grey: bool


def look(file: str) -> Look | str:
    """What a file says of itself, or why it cannot be read.

    A PNG's checksums and a JPEG's end tell whether it is whole; others are decoded to find out.
    """
    try:
        with Image.open(file) as image:
            found = Look(image.size, image.mode in _GREY_MODES)
            if image.mode == "F":
                return "its pixels are not whole numbers"
            if image.format == "PNG":
                image.verify()
            elif image.format != "JPEG" or not _ends_well(file):
                image.load()
    # Whatever Pillow's many decoders raise, the file is not an image that can be learned from.
    except Exception as fault:
        return _reason(fault)
    return found


def _ends_well(file: str) -> bool:
    with Path(file).open("rb") as jpeg:
        jpeg.seek(-len(_END_OF_JPEG), 2)
        return jpeg.read() == _END_OF_JPEG


def _reason(fault: Exception) -> str:
    if isinstance(fault, UnidentifiedImageError):
        return "no image"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return str(fault)[:80] or type(fault).__name__


def decode(file: str, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The image in a file as (height, width) or (height, width, 3), resized if need be.

    Bilinear, smoothed where it becomes smaller, as torchvision's Resize does it; its aspect is
    not kept. Raises whatever Pillow does if the file cannot be read.
    """
    channels, height, width = shape
    with warnings.catch_warnings(), Image.open(file) as opened:
        warnings.simplefilter("ignore")  # of odd metadata: they would be written over the screen
        image = _shallow(opened).convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image)


def _shallow(image: Image.Image) -> Image.Image:
    """The image with 8 bits a pixel; of transparent palettes the colours alone."""
    if image.mode in _DEEP_MODES:
        deep = np.asarray(image).astype(np.float64).clip(0, 65_535)
        return Image.fromarray(np.rint(deep / 257).astype(np.uint8))
    return image.convert("RGBA") if image.mode == "P" and "transparency" in image.info else image


class Pictures:
    """A map-style data set of image files: inputs normalised as in the chapter, and classes.

    A file that could be read once and cannot be any more gives a grey picture, and `lost` says
    so: one such file is not to end a long run. `lost`, bool (n,), lies in memory that is shared
    with processes which read for this one.
    """

    def __init__(self, files: Sequence[str], labels: Tensor, shape: tuple[int, int, int]) -> None:
        self.files = tuple(files)
        self.labels = labels
        self.shape = shape
        self.lost = torch.zeros(len(self.files), dtype=torch.bool)
        self.lost.share_memory_()  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        """The input, float32 (channels, height, width), and its class."""
        label = int(self.labels[index])
        try:
            pixels = decode(self.files[index], self.shape)
        except Exception:
            self.lost[index] = True
            return torch.zeros(self.shape), label
        return normalised(pixels[None])[0], label
