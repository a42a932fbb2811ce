"""Reading examples chunk by chunk: by torch's DataLoader, in worker processes where that pays."""

from __future__ import annotations

import importlib.util
import io
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from core.data.split import Examples, Resident, Unread
from core.threads import EVERY

_CHUNK_BYTES = 1 << 21  # small beside the 64 MB of shared memory that a container may have
_MOST_EXAMPLES = 1024
_MOST_WORKERS = 4  # unless more are asked for: they may be on a machine that others use, too
_OF_THE_TERMINAL = {
    getattr(signal, name) for name in ("SIGINT", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
}
_OWN_MODULES = "_gd_tui_own_"  # how core.own_code names a module that was read from a file
_MOST_PICKLED = 64 << 20  # bytes: more is data that lies in memory, of which no worker needs a copy


class ExampleError(Exception):
    """An example could not be read. Its text is one line: which one, and why."""


class Reader:
    """Reads the inputs of examples by their numbers, here or in a worker process.

    What it pickles is small: a worker unpacks the user's data set when it first reads, so that
    whatever goes wrong then is told like any other fault of an example.
    """

    def __init__(self, half: Resident | Unread) -> None:
        self._inputs = half.inputs.cpu() if isinstance(half, Resident) else None
        self._examples: Examples | None = half.examples if isinstance(half, Unread) else None
        self._packed: tuple[bytes, dict[str, str]] | None = None
        self.shape = half.shape if isinstance(half, Unread) else tuple(half.inputs.shape[1:])

    @property
    def in_memory(self) -> bool:
        return self._inputs is not None

    def __getitems__(self, rows: list[int]) -> Tensor | str:
        """The inputs of these examples (k, ...); a text where one could not be read."""
        if self._inputs is not None:
            return self._inputs.index_select(0, torch.tensor(rows, dtype=torch.int64))
        inputs = torch.empty(len(rows), *self.shape)
        for k, row in enumerate(rows):
            try:
                inputs[k] = self._input(row)
            except Exception as fault:  # a file that is gone, whatever the user's code raises
                return f"example {row:,}: {_in_words(fault)}"
        return inputs

    def read(self, rows: Tensor) -> Tensor:
        """The inputs (k, ...) of the examples `rows` (k,), read now; raises ExampleError."""
        return checked(self.__getitems__(rows.tolist()))

    def _input(self, row: int) -> Tensor:
        if self._examples is None:
            self._examples = self._unpacked()
        value = torch.as_tensor(self._examples[row][0], dtype=torch.float32)
        if tuple(value.shape) != self.shape:
            raise ValueError(f"its input is {tuple(value.shape)}, not {self.shape} as the others'")
        return value

    def packed(self) -> bool:
        """Whether a worker process can be given what is read; prepares that."""
        if self._packed is None and self._examples is not None:
            try:
                packed = _pickled(self._examples)
            except Exception:  # a lambda, an open file, ...
                return False
            if b"__main__" in packed:  # a notebook, or a script that a worker would run again
                return False
            self._packed = packed, _own_modules(packed)
        return self._packed is not None

    def __getstate__(self) -> dict[str, Any]:
        assert self._packed is not None
        return {"_inputs": None, "_examples": None, "_packed": self._packed, "shape": self.shape}

    def _unpacked(self) -> Examples:
        assert self._packed is not None
        packed, modules = self._packed
        for name, path in modules.items():
            _import(name, path)
        examples: Examples = pickle.loads(packed)
        return examples


def checked(read: Tensor | str) -> Tensor:
    """What was read; raises ExampleError if that failed."""
    if isinstance(read, str):
        raise ExampleError(read)
    return read


def chunk_of(shape: tuple[int, ...]) -> int:
    """How many examples of this shape are read at a time: a power of two."""
    fitting = _CHUNK_BYTES // (4 * max(1, torch.Size(shape).numel()))
    return min(1 << max(0, fitting.bit_length() - 1), _MOST_EXAMPLES)


def workers_for(reader: Reader, wanted: int | None) -> int:
    """How many processes read: as many as `wanted`, by default a few where reading takes time.

    None where others cannot help: data in memory is copied faster than it is sent, and what
    cannot be pickled can only be read here.
    """
    if wanted == 0 or reader.in_memory or not reader.packed():
        return 0
    return min(_MOST_WORKERS, EVERY) if wanted is None else wanted


class Chunks:
    """The order in which a loader reads; it can be given another one when it begins anew."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.order = torch.empty(0, dtype=torch.int64)

    def __len__(self) -> int:
        return -(-len(self.order) // self.size)

    def __iter__(self) -> Iterator[list[int]]:
        return (some.tolist() for some in torch.split(self.order, self.size))


def loader_of(reader: Reader, chunks: Chunks, workers: int, pinned: bool) -> DataLoader[Any]:
    """A loader of these chunks: each is a tensor (k, ...), or the text of a fault.

    It can be begun anew, with another order, by the same workers. These start at the first use.
    """
    more: dict[str, Any] = {}
    if workers:
        fork_server = "forkserver" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if fork_server else "spawn")
        if fork_server:
            context.set_forkserver_preload(["torch"])  # once, not in each worker
        more = {"multiprocessing_context": context, "persistent_workers": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more workers than cores: who asks for them knows
        return DataLoader(
            reader,  # type: ignore[arg-type]  # torch does not know what has no base of its own
            batch_sampler=chunks,
            num_workers=workers,
            collate_fn=_as_it_is,
            pin_memory=pinned,
            worker_init_fn=_settle,
            generator=torch.Generator(),  # the global one belongs to the runs
            **more,
        )


@contextmanager
def apart() -> Iterator[None]:
    """Let processes that are started meanwhile be apart from this program.

    They run nothing of its main module, of which they need nothing: a user's script without a
    guard would train in each of them. And signals that the terminal sends do not reach them.
    Python passes on the file of `sys.stderr`, which is none while a screen has put its own there.
    """
    main = vars(sys.modules["__main__"])
    kept = {name: main.get(name) for name in ("__spec__", "__file__")}
    blocks = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_TERMINAL) if blocks else set()
    main.update(dict.fromkeys(kept))
    shown, sys.stderr = sys.stderr, sys.__stderr__
    try:
        yield
    finally:
        sys.stderr = shown
        main.update(kept)
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _as_it_is(read: Any) -> Any:
    return read


def _settle(_worker: int) -> None:
    """Keep a worker away from the terminal, and let it end with the process that it reads for."""
    for each in _OF_THE_TERMINAL:
        signal.signal(each, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """torch's own watch looks at whoever forked it: that is the fork server, which waits for it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _in_words(fault: Exception) -> str:
    return " ".join(f"{type(fault).__name__}: {fault}".split())


class _Sink(io.RawIOBase):
    """Takes so many bytes, and refuses more."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._size += memoryview(part).nbytes
        if self._size > _MOST_PICKLED:
            raise ValueError("this is data")
        self.parts.append(bytes(part))
        return memoryview(part).nbytes


def _pickled(examples: Examples) -> bytes:
    """As pickle has it; raises what it raises, or ValueError if that is large."""
    sink = _Sink()
    pickle.Pickler(sink, pickle.HIGHEST_PROTOCOL).dump(examples)
    return b"".join(sink.parts)


def _own_modules(packed: bytes) -> dict[str, str]:
    """The files of the user's modules that are named in there and that only we can find."""
    return {
        name: str(module.__file__)
        for name, module in list(sys.modules.items())
        if name.startswith(_OWN_MODULES) and name.encode() in packed
    }


def _import(name: str, path: str) -> None:
    if name in sys.modules:
        return
    sys.path.append(str(Path(path).parent))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
