"""Getting the kernels ready: compiled once per machine, then read from the disk."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from core.reading import reading


class Preparation:
    """Compiles or loads every kernel, at once or in the background.

    Compiling holds the interpreter's lock for seconds, in which a screen would freeze; so in
    the background it is left to another process, which fills the cache on the disk.
    """

    def __init__(self) -> None:
        missing = [name for name in ("numba", "scipy") if importlib.util.find_spec(name) is None]
        self.ready = False
        self.fault = f"no {' and no '.join(missing)} here" if missing else ""
        self._thread: threading.Thread | None = None

    @property
    def on_disk(self) -> bool:
        """Whether they were compiled before, so that only reading them remains."""
        return not self.fault and _marker().exists()

    def finish(self) -> None:
        """Return once the kernels are ready, or known not to be had."""
        if self._thread is not None:
            self._thread.join()
        elif not self.ready and not self.fault:
            self._prepare()

    def begin(self, told: Callable[[], object] = lambda: None) -> None:
        """Let the kernels become ready while other things go on; `told` is called when they are."""
        if self._thread is None and not self.ready and not self.fault:
            self._thread = threading.Thread(target=self._in_background, args=(told,), daemon=True)
            self._thread.start()

    def _in_background(self, told: Callable[[], object]) -> None:
        if not _marker().exists():
            command = [sys.executable, "-c", f"import {__name__} as p; p.Preparation().finish()"]
            # There, or it would import whatever is called core where the person stands.
            home = Path(__file__).parents[3]
            subprocess.run(
                command, cwd=home, capture_output=True, check=False, stdin=subprocess.DEVNULL
            )
        self._prepare()
        told()

    def _prepare(self) -> None:
        try:
            # Compiling, unlike reading, leaves garbage behind.
            with reading() if self.on_disk else nullcontext():
                call_every_kernel()
            _leave_marker()
        except Exception as fault:  # a numba that does not fit numpy, a compiler that fails, ...
            self.fault = " ".join(f"{type(fault).__name__}: {fault}".split())
        else:
            self.ready = True


def call_every_kernel() -> None:
    """Call each kernel once with arguments of the types that training uses: that compiles it."""
    import torch

    from core.steppers.fused.arrays import Examples, Memories, Network
    from core.steppers.fused.blas import sgemm
    from core.steppers.fused.changes import change
    from core.steppers.fused.gradient import SharedGradient
    from core.steppers.fused.many import updates_of_many
    from core.steppers.fused.one import updates_of_one

    weights, memory = np.zeros(32, np.float32), np.zeros(32, np.float32)
    net = Network(weights, np.array([2, 2]), np.array([0]), np.array([[0, 16]]))
    memories = Memories(memory, memory, memory)
    data = Examples(np.zeros((2, 2), np.float32), np.zeros(2, np.int64))
    rows, losses = np.arange(2), np.zeros(2, np.float32)
    rule = np.zeros(2), 0, np.zeros(7), 0, losses
    updates_of_one(net, memories, data, rows, *rule)
    shared = SharedGradient(net, data, threads=1)
    shared.add(torch.from_numpy(rows), 2, threads=1)
    more = rows.reshape(1, 2), *rule, shared.room, shared.sums
    updates_of_many(net, sgemm(), memories, data, *more)
    change(0, weights, np.ones(1, np.float32), shared.sums, memories, np.zeros(7), 0)


def _marker() -> Path:
    """Stands where these very kernels were once compiled for this Python, numba and processor."""
    import llvmlite.binding
    import numba

    from core.steppers.fused.compiling import kernels_folder

    what = sys.version, numba.__version__, llvmlite.binding.get_host_cpu_name()
    return kernels_folder() / f"ready-{hashlib.sha256(repr(what).encode()).hexdigest()[:16]}"


def _leave_marker() -> None:
    try:
        _marker().parent.mkdir(parents=True, exist_ok=True)
        _marker().touch()
    except OSError:
        pass  # then they are compiled, or looked for, again next time
