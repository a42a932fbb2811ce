"""How kernels are compiled: the settings that decide their speed and their honesty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

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
        return cast(Function, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # no directory to cache in can be written
        return cast(Function, numba.njit(**options)(function))
