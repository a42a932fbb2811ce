"""Small files in the format of each of torchvision's data sets, and a class that lists them."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.config import RunConfig
from core.data import load as entry
from core.data.catalog import DATA_SETS
from core.data.dataset import Dataset
from core.data.placing import place
from core.data.spec import DataSpec
from core.data.torchvision_import import import_datasets

TRAIN, TEST = 10, 5  # examples in the small sets; CIFAR-10 has five training files
IDX_TYPES = {np.dtype(np.uint8): 8, np.dtype(">i4"): 12}


def idx(values: NDArray[Any]) -> bytes:
    """The bytes of an IDX file."""
    header = bytes((0, 0, IDX_TYPES[values.dtype], values.ndim))
    return header + np.array(values.shape, ">u4").tobytes() + values.tobytes()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class SmallSet:
    """A set as its makers publish it, but with few examples.

    `published` is the folder that plays the server, `archives` the names of its files, `place`
    where they belong in the cache.
    """

    spec: DataSpec
    pixels: tuple[NDArray[np.uint8], NDArray[np.uint8]]  # as they should be shown
    labels: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    published: Path
    archives: tuple[str, ...]
    cache: Path
    place: Path

    def load(self, progress: Callable[[str, float], None] = lambda _what, _share: None) -> Dataset:
        config = replace(RunConfig(), data=self.spec.name)
        return place(
            entry.load(config, cache=self.cache, progress=progress),
            config,
            torch.device("cpu"),
            entry.untold,
        )

    def put_by_hand(self) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        for name in self.archives:
            (self.place / name).write_bytes((self.published / name).read_bytes())

    def go_offline(self) -> None:
        for name in self.archives:
            (self.published / name).unlink()


def idx_archives(pixels: Any, labels: Any) -> dict[str, bytes]:
    return {
        f"{half}-{content}.gz": gzip.compress(idx(values[i]))
        for i, half in enumerate(("train", "t10k"))
        for content, values in (("images-idx3-ubyte", pixels), ("labels-idx1-ubyte", labels))
    }


def emnist_archives(pixels: Any, labels: Any) -> dict[str, bytes]:
    """One zip of all splits, whose images are written column by column."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for split in ("letters", "digits"):
            for i, half in enumerate(("train", "test")):
                images = pixels[i].transpose(0, 2, 1).copy()
                stem = f"gzip/emnist-{split}-{half}"
                archive.writestr(f"{stem}-images-idx3-ubyte.gz", gzip.compress(idx(images)))
                archive.writestr(f"{stem}-labels-idx1-ubyte.gz", gzip.compress(idx(labels[i])))
    return {"gzip.zip": whole.getvalue()}


def qmnist_archives(pixels: Any, labels: Any) -> dict[str, bytes]:
    """Labels with eight columns, of which the first is the digit."""
    archives = {}
    for i, half in enumerate(("train", "test")):
        columns = np.arange(8 * len(labels[i]), dtype=">i4").reshape(-1, 8)
        columns[:, 0] = labels[i]
        archives[f"qmnist-{half}-images-idx3-ubyte.gz"] = gzip.compress(idx(pixels[i]))
        archives[f"qmnist-{half}-labels-idx2-int.gz"] = gzip.compress(idx(columns))
    return archives


def cifar_files(pixels: Any, labels: Any) -> dict[str, bytes]:
    """The pickles inside CIFAR-10's archive; a row holds all red, all green, then all blue."""
    rows = [each.transpose(0, 3, 1, 2).reshape(len(each), -1) for each in pixels]
    parts = {f"data_batch_{i + 1}": (rows[0][i::5], labels[0][i::5]) for i in range(5)}
    parts["test_batch"] = (rows[1], labels[1])
    files = {
        name: pickle.dumps({"data": data, "labels": each.tolist()})
        for name, (data, each) in parts.items()
    }
    return {**files, "batches.meta": pickle.dumps({"label_names": ["airplane"]})}


def cifar_archives(files: dict[str, bytes]) -> dict[str, bytes]:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return {"cifar-10-python.tar.gz": whole.getvalue()}


def examples(spec: DataSpec) -> tuple[Any, Any]:
    """Random pixels and labels, training and test half."""
    random = np.random.default_rng(1)
    channels, height, width = spec.shape
    shape = (height, width) if channels == 1 else (height, width, channels)
    pixels = [random.integers(0, 256, (n, *shape), np.uint8) for n in (TRAIN, TEST)]
    labels = [random.integers(0, 10, n, np.uint8) for n in (TRAIN, TEST)]
    if channels == 3:  # its five files are read one after the other
        order = np.concatenate([np.arange(TRAIN)[i::5] for i in range(5)])
        return (pixels, (pixels[0][order], pixels[1])), (labels, (labels[0][order], labels[1]))
    return (pixels, pixels), (labels, labels)


def publish(spec: DataSpec, kind: Any, folder: Path, monkeypatch: Any) -> tuple[Any, Any, Any]:
    """Write the small set's archives and have torchvision's class list them."""
    (written, shown), (given, expected) = examples(spec)
    address = folder.as_uri() + "/"
    match spec.name:
        case "emnist-digits":
            archives = emnist_archives(written, given)
            monkeypatch.setattr(kind, "url", f"{address}gzip.zip")
            monkeypatch.setattr(kind, "md5", md5(archives["gzip.zip"]))
        case "qmnist":
            archives = qmnist_archives(written, given)
            listed = [(address + name, md5(content)) for name, content in archives.items()]
            monkeypatch.setattr(kind, "resources", {"train": listed[:2], "test": listed[2:]})
        case "cifar10":
            files = cifar_files(written, given)
            archives = cifar_archives(files)
            listed_files = [[name, md5(content)] for name, content in files.items()]
            monkeypatch.setattr(kind, "url", address + kind.filename)
            monkeypatch.setattr(kind, "tgz_md5", md5(archives[kind.filename]))
            monkeypatch.setattr(kind, "train_list", listed_files[:5])
            monkeypatch.setattr(kind, "test_list", listed_files[5:6])
            monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": listed_files[6][1]})
        case _:
            archives = idx_archives(written, given)
            monkeypatch.setattr(kind, "mirrors", [address])
            listed = [(name, md5(content)) for name, content in archives.items()]
            monkeypatch.setattr(kind, "resources", listed)
    for name, content in archives.items():
        (folder / name).write_bytes(content)
    return shown, expected, tuple(archives)


def small_set(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSet:
    spec = replace(DATA_SETS[name], train=TRAIN, test=TEST)
    monkeypatch.setitem(DATA_SETS, name, spec)
    published, cache = folder / "published", folder / "cache"
    published.mkdir()
    kind = getattr(import_datasets(), spec.torchvision_name)
    pixels, labels, archives = publish(spec, kind, published, monkeypatch)
    place = cache if name == "cifar10" else cache / spec.torchvision_name / "raw"
    return SmallSet(spec, pixels, labels, published, archives, cache, place)
