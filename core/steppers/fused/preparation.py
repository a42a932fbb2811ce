"""Getting the kernels ready: compiled once per machine, then read from the disk."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path


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

    def finish(self) -> None:
        """Return once the kernels are ready, or known not to be had."""
        if self._thread is not None:
            self._thread.join()
        elif not self.ready and not self.fault:
            self._prepare()

    def begin(self) -> None:
        """Let the kernels become ready while other things go on."""
        if self._thread is None and not self.ready and not self.fault:
            self._thread = threading.Thread(target=self._in_background, daemon=True)
            self._thread.start()

    def _in_background(self) -> None:
        if not _marker().exists():
            command = [sys.executable, "-c", f"import {__name__} as p; p.Preparation().finish()"]
            subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        self._prepare()

    def _prepare(self) -> None:
        try:
            call_every_kernel()
            _leave_marker()
        except Exception as fault:  # a numba that does not fit numpy, a compiler that fails, ...
            self.fault = " ".join(f"{type(fault).__name__}: {fault}".split())
        else:
            self.ready = True


def call_every_kernel() -> None:
    """Call each kernel once with arguments of the types that training uses: that compiles it."""
    from core.steppers.fused.arrays import Examples, Memories, Network
    from core.steppers.fused.blas import keep_to_one_thread
    from core.steppers.fused.changes import change
    from core.steppers.fused.kernels import updates_of_many, updates_of_one

    keep_to_one_thread()
    weights, memory, gradient = (np.zeros(32, np.float32) for _ in range(3))
    net = Network(weights, np.array([2, 2]), np.array([0]), np.array([[0, 16]]))
    memories = Memories(memory, memory, memory)
    data = Examples(np.zeros((2, 2), np.float32), np.zeros(2, np.int64))
    rows, rates, losses = np.arange(2), np.zeros(2), np.zeros(2, np.float32)
    h = np.zeros(7)
    updates_of_one(net, memories, data, rows, rates, 0, h, 0, losses)
    updates_of_many(net, memories, data, rows.reshape(1, 2), rates, 0, h, 0, losses)
    change(0, weights, gradient, memories, h, 0)


def _marker() -> Path:
    """Stands where these very kernels were once compiled for this Python, numba and processor."""
    import llvmlite.binding
    import numba

    sources = sorted(Path(__file__).parent.glob("*.py"))
    identity = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    identity.update(repr((__file__, sys.version, numba.__version__)).encode())
    identity.update(llvmlite.binding.get_host_cpu_name().encode())
    return user_cache_path("gd-tui", appauthor=False) / f"kernels-{identity.hexdigest()[:16]}"


def _leave_marker() -> None:
    try:
        _marker().parent.mkdir(parents=True, exist_ok=True)
        _marker().touch()
    except OSError:
        pass  # then they are compiled, or looked for, again next time
