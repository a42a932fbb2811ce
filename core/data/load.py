"""Load the data that the settings name, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.config import RunConfig
from core.data.mnist import load_mnist
from core.data.split import Halves
from core.data.torchvision_sets import load_torchvision_set


def untold(_what: str, _share: float) -> None:
    """Progress that nobody watches."""


def load(
    config: RunConfig,
    *,
    cache: Path | None = None,
    progress: Callable[[str, float], None] = untold,
) -> Halves:
    """The data of these settings, in the computer's memory or still in its files.

    MNIST comes with the package. The other sets of the catalogue are downloaded once into
    `cache`, by default the user's cache directory. What is not in the catalogue is the user's
    own. `progress` is told what is being done and the share of it that is done, 0 to 1; what it
    raises ends the loading. Raises UserError if the data cannot be had.
    """
    spec = config.data_spec
    if spec is None:
        from core.data.own.find import load_own  # brings readers that nobody else needs

        return load_own(config, progress)
    progress(f"reading {spec.title}", 0.0)
    if spec.name == "mnist":
        return load_mnist()
    return load_torchvision_set(spec, cache, progress)
