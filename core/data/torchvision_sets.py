"""torchvision's data sets: downloaded once into the user's cache directory, then read there.

torchvision knows the files (where they are, their MD5, their format) and reads them. The
download and the unpacking are done here, since torchvision's print to the terminal, write
under the final name what may stay half a file, and unpack all of EMNIST (1.8 GB) for its digits.
"""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from platformdirs import user_cache_path

from core.data.dataset import Pixels, resident
from core.data.download import Archive, fetch
from core.data.spec import DataSpec
from core.data.split import Halves
from core.data.torchvision_import import import_datasets
from core.errors import UserError

# What reading a missing, incomplete or foreign file raises in torchvision, by its format.
UNREADABLE = (RuntimeError, ValueError, TypeError, AssertionError, EOFError, OSError)


def load_torchvision_set(
    spec: DataSpec, cache: Path | None, progress: Callable[[str, float], None]
) -> Halves:
    """The data set of that description, from `cache` (None: the user's cache directory).

    Downloads what is not there. `progress` is told what is being done and the share of it that
    is done, 0 to 1. Raises UserError if a file can neither be found nor downloaded, or not be
    read.
    """
    kind = getattr(import_datasets(), spec.torchvision_name)
    root = cache or user_cache_path("gd-tui", appauthor=False)
    with suppress(*UNREADABLE):
        return _read(spec, kind, root)
    folder = _folder(spec, root)
    archives = _archives(spec, kind)
    _download(spec, archives, folder, progress)
    progress(f"unpacking {spec.title}", 0.0)
    try:
        _unpack(spec, archives, folder)
        return _read(spec, kind, root)
    except UNREADABLE as fault:
        raise UserError(
            f"{spec.title} cannot be read from {folder} ({fault}); "
            "delete its files there and start again"
        ) from fault


def _read(spec: DataSpec, kind: Any, root: Path) -> Halves:
    train = _examples(spec, kind(root, train=True, **dict(spec.options)))
    test = _examples(spec, kind(root, train=False, **dict(spec.options)))
    for examples, expected in ((train, spec.train), (test, spec.test)):
        if not len(examples.pixels) == len(examples.labels) == expected:
            raise ValueError(
                f"{len(examples.pixels):,} images and {len(examples.labels):,} labels "
                f"where there should be {expected:,}"
            )
    return resident(spec, train, test)


def _examples(spec: DataSpec, half: Any) -> Pixels:
    pixels, labels = np.asarray(half.data), np.asarray(half.targets)
    match spec.torchvision_name:
        case "EMNIST":
            # Its files were written by Matlab, column by column: read by rows, each image lies
            # mirrored along its diagonal. Turned here, so that networks and people see digits.
            pixels = pixels.transpose(0, 2, 1)
        case "QMNIST":
            labels = labels[:, 0]  # the other columns say who wrote the digit, and where
    return Pixels(pixels, labels)


def _folder(spec: DataSpec, root: Path) -> Path:
    """Where torchvision looks for the archives of a set."""
    return root if spec.torchvision_name == "CIFAR10" else root / spec.torchvision_name / "raw"


def _archives(spec: DataSpec, kind: Any) -> list[Archive]:
    """The files to download, as torchvision lists them."""
    match spec.torchvision_name:
        case "CIFAR10":
            return [Archive(kind.filename, kind.tgz_md5, (kind.url,))]
        case "EMNIST":
            return [Archive(_last(kind.url), kind.md5, (kind.url,))]
        case "QMNIST":
            listed = kind.resources["train"] + kind.resources["test"]
            return [Archive(_last(url), md5, (url,)) for url, md5 in listed]
        case _:
            return [
                Archive(name, md5, tuple(mirror + name for mirror in kind.mirrors))
                for name, md5 in kind.resources
            ]


def _last(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def _download(
    spec: DataSpec,
    archives: list[Archive],
    folder: Path,
    progress: Callable[[str, float], None],
) -> None:
    for number, archive in enumerate(archives, start=1):
        what = f"downloading {spec.title}, file {number} of {len(archives)}: {archive.name}"

        def report(share: float, what: str = what) -> None:
            progress(what, share)

        try:
            fetch(archive, folder, report)
        except OSError as fault:
            raise _by_hand(spec, archives, folder, fault) from fault


def _by_hand(spec: DataSpec, archives: list[Archive], folder: Path, fault: OSError) -> UserError:
    absent = [archive for archive in archives if not archive.is_in(folder)]
    damaged = [archive.name for archive in absent if (folder / archive.name).exists()]
    note = f"; what is there as {', '.join(damaged)} has the wrong MD5" if damaged else ""
    names = ", ".join(archive.name for archive in absent)
    origin = absent[0].urls[0].removesuffix(absent[0].name)
    return UserError(
        f"{spec.title} could not be downloaded ({fault}){note}; to go on without a network, "
        f"put {names} (from {origin}) into the folder {folder} by hand and start again"
    )


def _unpack(spec: DataSpec, archives: list[Archive], folder: Path) -> None:
    match spec.torchvision_name:
        case "CIFAR10":
            # torchvision checks the MD5 of each unpacked file, so half a file is noticed.
            shutil.unpack_archive(folder / archives[0].name, folder)
        case "EMNIST":
            with zipfile.ZipFile(folder / archives[0].name) as archive:
                for name in archive.namelist():
                    if _last(name).startswith("emnist-digits-") and name.endswith(".gz"):
                        with archive.open(name) as packed:
                            _gunzip(packed, folder / _last(name).removesuffix(".gz"))
        case _:
            for each in archives:
                with (folder / each.name).open("rb") as packed:
                    _gunzip(packed, folder / each.name.removesuffix(".gz"))


def _gunzip(packed: IO[bytes], target: Path) -> None:
    """Unpack into `target`, which gets its name only once it is complete."""
    part = target.with_name(f"{target.name}.part")
    with gzip.open(packed) as source, part.open("wb") as file:
        shutil.copyfileobj(source, file)
    part.replace(target)
