"""The matrix products of the kernels: one thread each, since the kernels share out the work."""

from __future__ import annotations

import scipy.linalg.cython_blas  # noqa: F401  what numba's np.dot calls; loads its library
from threadpoolctl import threadpool_limits


def keep_to_one_thread() -> None:
    """Let every BLAS of this process that can be told so work in the thread that calls it.

    torch brings a BLAS of its own, which is not among them.
    """
    threadpool_limits(1, user_api="blas")
