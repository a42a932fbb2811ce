"""Where the user's own data is found, and who reads it: by folder, by a file's suffix, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.config import RunConfig
from core.data.own.arrays import read_arrays
from core.data.own.factory import from_factory
from core.data.own.image_folder import read_image_folder
from core.data.own.kinds import (
    ARRAY_SUFFIXES,
    TABLE_SUFFIXES,
    TEST_NAMES,
    TRAIN_NAMES,
    WHAT_IS_READ,
)
from core.data.own.refusal import refused
from core.data.own.tables import read_tables
from core.data.split import Halves
from core.naming import is_reference


def load_own(config: RunConfig, progress: Callable[[str, float], None]) -> Halves:
    """The user's data that the settings name, in memory or, images, still in their files.

    Raises UserError, in one line, if it is not there or nothing can be learned from it.
    """
    progress(f"reading {config.data}", 0.0)
    if is_reference(config.data):
        return from_factory(config, progress)
    path = Path(config.data)
    try:
        found = _read(config, path, progress)
    except OSError as fault:
        raise refused(path, f"it cannot be read ({fault.strerror or fault})") from fault
    return replace(found, remarks=(*_without_effect(config, path), *found.remarks))


def _without_effect(config: RunConfig, path: Path) -> list[str]:
    """What is said of settings that are for data of another kind."""
    files = own_files(path)
    table = bool(files) and files[0].suffix.lower() in TABLE_SUFFIXES
    idle = []
    if config.target and not table:
        idle.append(f"target {config.target} has no effect: only tables have columns")
    if config.image_size and files:
        idle.append("the image size has no effect: only folders of images are resized")
    return idle


def _read(config: RunConfig, path: Path, progress: Callable[[str, float], None]) -> Halves:
    if not path.exists():
        raise refused(path, "there is no such file or folder")
    files = own_files(path)
    if not files:
        return read_image_folder(config, path, progress)
    empty = [file for file in files if file.stat().st_size == 0]
    if empty:
        raise refused(empty[0], "it is empty")
    suffix = files[0].suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return read_tables(config, files)
    if suffix in ARRAY_SUFFIXES:
        return read_arrays(config, files)
    raise refused(path, f"files of this kind are not read; what is: {WHAT_IS_READ}")


def own_files(path: Path) -> list[Path]:
    """The files that hold the data: one, one for each half, or none if it is a folder of images."""
    if not path.is_dir():
        return [path]
    known = [
        file
        for file in sorted(path.iterdir())
        if file.suffix.lower() in (*TABLE_SUFFIXES, *ARRAY_SUFFIXES) and file.is_file()
    ]
    train = [file for file in known if file.stem.lower() in TRAIN_NAMES]
    test = [file for file in known if file.stem.lower() in TEST_NAMES]
    return [train[0], test[0]] if train and test else []
