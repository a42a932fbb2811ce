"""How kernels are compiled, and where they are kept: settings that decide speed and honesty."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from platformdirs import user_cache_path

_numba_config: Any = numba.config  # which has no types
Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be re-ordered, so that they vectorise; but nothing assumes that NaN and infinity do not
# exist, since then the check for divergence could be dropped.
_MATH = {"reassoc", "contract", "nsz", "arcp", "afn"}


def kernel(function: Function) -> Function:
    """Compile for the processor at hand, once: later processes read it from the disk.

    `error_model="numpy"` gives infinity for a division by zero, as torch does; numba's default
    checks every division, which keeps loops from being vectorised.
    """
    options: Any = {"nogil": True, "fastmath": _MATH, "error_model": "numpy"}
    try:
        with _cached_in(kernels_folder()):
            return cast(Function, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # no directory to cache in can be written
        return cast(Function, numba.njit(**options)(function))


@cache
def kernels_folder() -> Path:
    """Where these very kernels are kept on the disk.

    numba looks only at the file of a kernel, not at those of the kernels that it calls; so
    another text of any of them has another folder.
    """
    texts = (source.read_bytes() for source in sorted(Path(__file__).parent.glob("*.py")))
    name = f"kernels-{hashlib.sha256(b''.join(texts)).hexdigest()[:16]}"
    chosen: str = _numba_config.CACHE_DIR
    return (Path(chosen) if chosen else user_cache_path("gd-tui", appauthor=False)) / name


@contextmanager
def _cached_in(folder: Path) -> Iterator[None]:
    """Only for our own kernels: numba has no such option, and a setting for all of a process."""
    before = _numba_config.CACHE_DIR
    _numba_config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        _numba_config.CACHE_DIR = before
