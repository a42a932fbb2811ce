"""The complete MNIST, read from the four files that come with the package."""

from __future__ import annotations

import gzip
import hashlib
from importlib import resources
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray

from core.data.catalog import DATA_SETS
from core.data.dataset import Pixels, resident
from core.data.split import Halves
from core.errors import UserError

REMEDY = "install gd-tui again: pip install --force-reinstall --no-deps gd-tui"


def load_mnist(folder: Traversable | None = None) -> Halves:
    """MNIST from `folder`, by default the one inside the package.

    Raises UserError if a file is missing, unreadable, or not the one it should be.
    """
    if folder is None:
        folder = resources.files("core.data") / "mnist"
    return resident(DATA_SETS["mnist"], _examples(folder, "train"), _examples(folder, "t10k"))


def _examples(folder: Traversable, half: str) -> Pixels:
    return Pixels(
        pixels=_idx(_checked(folder, f"{half}-images-idx3-ubyte.gz")),
        labels=_idx(_checked(folder, f"{half}-labels-idx1-ubyte.gz")),
    )


def _checked(folder: Traversable, name: str) -> bytes:
    """The bytes of a file whose SHA-256 is the one listed beside it."""
    packed = _bytes(folder / name)
    lines = _bytes(folder / "SHA256SUMS").decode(errors="replace").splitlines()
    if f"{hashlib.sha256(packed).hexdigest()}  {name}" not in lines:
        raise UserError(
            f"the data file {folder / name} is damaged "
            f"(its SHA-256 is not the one in SHA256SUMS); {REMEDY}"
        )
    return packed


def _bytes(file: Traversable) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise UserError(f"the data file {file} is missing; {REMEDY}") from None
    except OSError as fault:
        raise UserError(
            f"the data file {file} cannot be read ({fault.strerror}); {REMEDY}"
        ) from None


def _idx(packed: bytes) -> NDArray[np.uint8]:
    """The array in a gzipped IDX file of unsigned bytes.

    The format: two zero bytes, the type (8), the number of dimensions, each dimension as four
    bytes, highest first, then the values.
    """
    raw = gzip.decompress(packed)
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">u4", count=dimensions, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
