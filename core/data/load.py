"""Load a data set by its name, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.data.catalog import DATA_SETS
from core.data.dataset import Dataset
from core.data.mnist import load_mnist
from core.data.torchvision_sets import load_torchvision_set


def _untold(_what: str, _share: float) -> None:
    """Progress that nobody watches."""


def load(
    name: str,
    *,
    cache: Path | None = None,
    progress: Callable[[str, float], None] = _untold,
) -> Dataset:
    """The data set called `name` in the catalogue, resident in the computer's memory.

    MNIST comes with the package. The others are downloaded once into `cache`, by default the
    user's cache directory. `progress` is told what is being done and the share of it that is
    done, 0 to 1; what it raises ends the loading. Raises UserError if the data cannot be had.
    """
    spec = DATA_SETS[name]
    progress(f"reading {spec.title}", 0.0)
    if name == "mnist":
        return load_mnist()
    return load_torchvision_set(spec, cache, progress)
