"""Own data as users have it: small folders of images, tables and user code, written for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.config import configure
from core.data.load import load
from core.data.split import Halves, Resident, Unread


def read(data: object, **given: object) -> Halves:
    """The data at that place, with these settings."""
    return load(configure({"data": str(data), **given}))


def in_memory(half: Resident | Unread) -> Resident:
    assert isinstance(half, Resident)
    return half


def in_files(half: Resident | Unread) -> Unread:
    assert isinstance(half, Unread)
    return half


def pixels(count: int, *shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def write_images(folder: Path, images: NDArray[np.uint8], suffix: str = ".png") -> None:
    """A file for each image, called 0, 1, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number}{suffix}")


def write_code(folder: Path, code: str, **more: Any) -> str:
    """A reference to the function `make` of the user's own file."""
    file = folder / "mine.py"
    file.write_text(code.format(**more) if more else code)
    return f"{file}:make"
