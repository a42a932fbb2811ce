"""How many threads the kernels' matrix products may use."""

from __future__ import annotations

from functools import cache

import scipy.linalg.cython_blas  # noqa: F401  what numba's np.dot calls; loads its library
from threadpoolctl import LibController, ThreadpoolController


@cache
def _libraries() -> list[LibController]:
    """The BLAS libraries of this process; finding them takes milliseconds, so once."""
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return list(found)


def use_blas_threads(count: int) -> None:
    """Let the kernels' matrix products use `count` threads each."""
    for library in _libraries():
        if library.num_threads != count:
            library.set_num_threads(count)
