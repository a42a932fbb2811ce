"""The matrix product of the kernels: a BLAS's `sgemm`, called by its address from inside them.

torch brings the faster BLAS where it was built with MKL, whose sgemm its library then offers;
scipy brings one everywhere.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic
from numpy import float32 as f32
from threadpoolctl import threadpool_limits

from core.steppers.fused.arrays import Floats
from core.steppers.fused.compiling import kernel

_TORCH_LIBRARIES = ("libtorch_cpu.so", "libtorch_cpu.dylib", "torch_cpu.dll")


@cache
def sgemm() -> int:
    """The address of the fastest sgemm that there is and that multiplies right.

    The kernels share out the work, so it is to keep to the thread that calls it: torch's heeds
    `torch.set_num_threads`, any other is told so, once and for all.
    """
    address = torch_sgemm()
    return address if address and _multiplies(address) else scipy_sgemm()


def scipy_sgemm() -> int:
    """The address of the sgemm in scipy's library, which is told to keep to one thread."""
    import scipy.linalg.cython_blas  # noqa: F401  which loads the library

    threadpool_limits(1, user_api="blas")
    return int(get_cython_function_address("scipy.linalg.cython_blas", "sgemm"))


def torch_sgemm() -> int:
    """The address of the sgemm in torch's own library; 0 if it offers none."""
    for name in _TORCH_LIBRARIES:
        path = Path(torch.__file__).parent / "lib" / name
        if path.exists():
            try:
                return ctypes.cast(ctypes.CDLL(str(path)).sgemm_, ctypes.c_void_p).value or 0
            except (OSError, AttributeError):
                return 0
    return 0


def _multiplies(address: int) -> bool:
    a, b = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((4, 3), np.float32)
    c = np.ones((2, 4), np.float32)
    multiply(address, a, False, b, True, c, True)
    return np.array_equal(c, a @ b.T + 1)


@kernel
def multiply(
    sgemm: int, a: Floats, turn_a: bool, b: Floats, turn_b: bool, c: Floats, add: bool
) -> None:
    """Put the product of `a` and `b`, each transposed first if it is to be turned, into `c`
    (m, n), or `add` it to what is there. All three are contiguous, row by row."""
    m, n = c.shape
    k = a.shape[0] if turn_a else a.shape[1]
    first, second = 84 if turn_b else 78, 84 if turn_a else 78  # the letters T and N
    alpha, beta = f32(1), f32(1) if add else f32(0)
    # BLAS takes rows for columns: asked for the transposed product, it leaves the one wanted.
    of_a, of_b, of_c = a.ctypes.data, b.ctypes.data, c.ctypes.data
    sizes = (n, m, k)
    _call(sgemm, (first, second, *sizes, alpha, of_b, b.shape[1], of_a, a.shape[1], beta, of_c, n))  # type: ignore[call-arg]


@intrinsic
def _call(_typing: Any, sgemm: Any, arguments: Any) -> Any:
    """Call the sgemm at that address as Fortran does: each argument is a place in memory.

    Arrays are known by their unsigned addresses. A number's place is on the stack, and has 64
    bits: a BLAS that reads 32 of them, or 8, finds the lower ones first.
    """
    pointer = ir.IntType(8).as_pointer()
    on_stack: Any = cgutils.alloca_once_value
    unpack: Any = cgutils.unpack_tuple

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        address, given = values
        places = [
            builder.inttoptr(value, pointer)
            if kind == types.uintp
            else builder.bitcast(on_stack(builder, value), pointer)
            for kind, value in zip(arguments, unpack(builder, given), strict=True)
        ]
        function = ir.FunctionType(ir.VoidType(), [pointer] * len(places))
        builder.call(builder.inttoptr(address, function.as_pointer()), places)
        return _context.get_dummy_value()

    return types.void(sgemm, arguments), generate
