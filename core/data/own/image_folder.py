"""A folder of images, one sub-folder for each class: torchvision's ImageFolder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.config import RunConfig
from core.data.own.assembly import halves
from core.data.own.kinds import TEST_NAMES, TRAIN_NAMES
from core.data.own.pictures import Look, Pictures, look
from core.data.own.refusal import counted, refused, some_of
from core.data.own.split import made_split, shuffled
from core.data.own.targets import Targets
from core.data.split import Halves, Unread
from core.data.torchvision_import import import_datasets
from core.errors import UserError
from core.tasks import Task

LARGEST = 512  # pixels a side of images that are taken as they are
_AT_ONCE = 512  # images between two reports of progress
_MOST_THREADS = 8
_OF_ARCHIVES = "__MACOSX"

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class _Listed:
    """Image files, each with the number of its class (n,) and of the half it stands in (n,)."""

    files: list[str]
    labels: Tensor
    halves: Tensor

    def at(self, rows: Tensor) -> _Listed:
        files = [self.files[row] for row in rows.tolist()]
        return _Listed(files, self.labels[rows], self.halves[rows])

    def unread(self, rows: Tensor, shape: tuple[int, int, int]) -> Unread:
        """The examples `rows`, which stay in their files."""
        part = self.at(rows)
        return Unread(Pictures(part.files, part.labels, shape), part.labels, shape)


def read_image_folder(config: RunConfig, folder: Path, progress: Progress) -> Halves:
    """The images below `folder`, by the names of their folders. Raises UserError.

    Folders called train and test, if both are there, are the halves; else these are made. Every
    file is looked at, but the images stay in their files.
    """
    if config.task == Task.REGRESSION:
        raise refused(folder, "a folder of images has classes, which is no regression")
    places = given_halves(folder) or (folder,)
    names = sorted({name for place in places for name in _sub_folders(place)})
    if not names:
        raise refused(folder, "it has no sub-folders: needed is one for each class, with images")
    listed = _listed(places, names)
    if not listed.files:
        raise refused(folder, f"no images in its {counted(len(names), 'sub-folder')}")
    looks = _looks(listed.files, f"looking at {counted(len(listed.files), 'image')}", progress)
    remarks = _of_unreadable(config, folder, listed.files, looks)
    readable = torch.tensor([isinstance(each, Look) for each in looks])
    listed = listed.at(readable.nonzero()[:, 0])
    seen = [each for each in looks if isinstance(each, Look)]
    if not seen:
        raise refused(folder, "none of its images can be read")
    listed, names, empty = _without_empty(listed, names)
    shape, resized = _shape(config, folder, seen)
    rows = _rows(listed, len(places), names, config)
    return halves(
        config,
        listed.unread(rows[0], shape),
        listed.unread(rows[1], shape),
        Targets(listed.labels, tuple(names)),
        (-1.0, 1.0),
        [*remarks, *empty, *resized],
    )


def given_halves(folder: Path) -> tuple[Path, Path] | None:
    """The sub-folders of the training and the test half, if there are both."""
    places = {name.lower(): folder / name for name in _sub_folders(folder)}
    train = next((places[name] for name in TRAIN_NAMES if name in places), None)
    test = next((places[name] for name in TEST_NAMES if name in places), None)
    both = train and test and _sub_folders(train) and _sub_folders(test)
    return (train, test) if train and test and both else None


def _sub_folders(folder: Path) -> list[str]:
    """The names of its folders, but for hidden ones and what archives leave behind."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _is_folder(entry)]
    except OSError as fault:
        raise refused(folder, f"it cannot be read ({fault.strerror})") from None
    return sorted(name for name in names if not name.startswith(".") and name != _OF_ARCHIVES)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _listed(places: Sequence[Path], names: Sequence[str]) -> _Listed:
    """All image files, in the order of their classes and names."""
    found: list[tuple[str, int, int]] = []
    for half, place in enumerate(places):
        for label, name in enumerate(names):
            found += [(file, label, half) for file in _images_in(place / name)]
    labels = torch.tensor([label for _, label, _ in found], dtype=torch.int64)
    halves = torch.tensor([half for _, _, half in found], dtype=torch.int64)
    return _Listed([file for file, _, _ in found], labels, halves)


def _images_in(folder: Path) -> Iterator[str]:
    """The image files in a folder and those in it, by their names, in torchvision's order.

    Links are followed; a folder that they lead to again is not read again.
    """
    suffixes = import_datasets().folder.IMG_EXTENSIONS
    read: set[str] = set()
    found: list[tuple[str, list[str]]] = []
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in read:
            folders.clear()
            continue
        read.add(real)
        found.append((place, sorted(names)))
    for place, names in sorted(found):
        yield from (str(Path(place, n)) for n in names if n.lower().endswith(suffixes))


def _looks(files: Sequence[str], what: str, progress: Progress) -> list[Look | str]:
    """What each file says of itself. Waiting for disks and decoding need no GIL: hence threads."""
    looks: list[Look | str] = []
    threads = min(_MOST_THREADS, (os.cpu_count() or 1) + 2)
    with warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        warnings.simplefilter("ignore")  # of odd metadata: they would be written over the screen
        for begin in range(0, len(files), _AT_ONCE):
            progress(what, begin / len(files))
            looks += pool.map(look, files[begin : begin + _AT_ONCE])
    return looks


def _of_unreadable(
    config: RunConfig, folder: Path, files: Sequence[str], looks: Sequence[Look | str]
) -> list[str]:
    """What is said of images that cannot be read; raises UserError if there must be none."""
    bad = [
        f"{Path(file).relative_to(folder)} ({why})"
        for file, why in zip(files, looks, strict=True)
        if isinstance(why, str)
    ]
    if not bad:
        return []
    said = f"{len(bad):,} of {counted(len(files), 'image')} cannot be read: {some_of(bad)}"
    if config.unreadable == "refuse":
        raise UserError(
            f"unreadable: {folder}: {said}; --unreadable skip leaves them out",
            setting="unreadable",
        )
    return [f"{said}; left out"]


def _without_empty(
    listed: _Listed, names: Sequence[str]
) -> tuple[_Listed, list[str], tuple[str, ...]]:
    """The classes that have images, numbered without gaps; what is said of the others."""
    used, labels = torch.unique(listed.labels, return_inverse=True)
    kept = [names[number] for number in used.tolist()]
    empty = [name for name in names if name not in set(kept)]
    remarks = (f"folders without images left out: {some_of(empty)}",) if empty else ()
    return _Listed(listed.files, labels, listed.halves), kept, remarks


def _shape(
    config: RunConfig, folder: Path, looks: Sequence[Look]
) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """Channels, height and width that all images are to have, and what is said of resizing."""
    width, height = looks[0].size
    if config.image_size:
        height, width = config.image_size
    elif max(width, height) > LARGEST:
        raise UserError(
            f"image size: the first image in {folder} has {height:,}x{width:,} pixels, which is "
            f"much for a network; say to how many all shall be resized, as --image-size 64",
            setting="image_size",
        )
    others = sum(each.size != (width, height) for each in looks)
    shape = (1 if all(each.grey for each in looks) else 3, height, width)
    if not others:
        return shape, ()
    said = f"{others:,} of {counted(len(looks), 'image')} resized to {height}x{width} pixels"
    return shape, (f"{said}, not keeping their aspect",)


def _rows(
    listed: _Listed, parts: int, names: Sequence[str], config: RunConfig
) -> tuple[Tensor, Tensor]:
    """The examples of each half, in a shuffled order: files stand there class by class."""
    if parts == 1:
        return made_split(listed.labels, config.test_share, config.split_seed)
    order = shuffled(len(listed.files), config.split_seed)
    train, test = (order[listed.halves[order] == half] for half in (0, 1))
    strange = set(listed.labels[test].tolist()) - set(listed.labels[train].tolist())
    if strange:
        named = some_of([names[number] for number in sorted(strange)])
        raise refused(
            config.data, f"the test half has classes that the training half lacks: {named}"
        )
    return train, test
