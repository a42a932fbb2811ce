"""Arrays and tensors in files: inputs and targets by their names, with nothing executed."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.config import RunConfig
from core.data.own.assembly import resident_halves, rows_of_parts
from core.data.own.inputs import check_inputs, inputs_of
from core.data.own.kinds import TEST_NAMES, TRAIN_NAMES
from core.data.own.refusal import refused
from core.data.own.split import made_split
from core.data.own.targets import Targets, as_array, named_targets, targets_of
from core.data.split import Halves
from core.tasks import Task

# How the arrays of a file may be called, in capitals or not; those of halves with train or test
# before or behind, as x_train or train_images.
INPUTS = ("x", "inputs", "images", "data", "features")
TARGETS = ("y", "targets", "labels", "target", "label")
_FEW_VALUES = 20  # up to so many whole numbers at the end of a matrix are taken for classes

Array = Tensor | NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Parts:
    """What a file holds: the inputs (n, ...) and targets (n, ...) of all, or of each half."""

    inputs: tuple[Tensor, ...]
    targets: tuple[Array, ...]

    def check(self, data: str) -> None:
        """Raise UserError if inputs are not usable, or not as many as targets."""
        for inputs, targets in zip(self.inputs, self.targets, strict=True):
            check_inputs(inputs, data)
            if targets.ndim == 0 or len(inputs) != len(targets):
                shapes = f"{tuple(inputs.shape)} and {tuple(targets.shape)}"
                raise refused(data, f"inputs and targets of shapes {shapes}: not as many of each")
        if len({tuple(inputs.shape[1:]) for inputs in self.inputs}) > 1:
            shapes = " and ".join(str(tuple(inputs.shape[1:])) for inputs in self.inputs)
            raise refused(data, f"inputs of its two halves have the shapes {shapes}, not the same")

    def halves(
        self, targets: Targets, config: RunConfig
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """The inputs of each half, and the rows of its targets; of one part, halves are made."""
        if len(self.inputs) == 2:
            train, test = self.inputs
            return train, test, rows_of_parts(len(train), len(test))
        rows = made_split(targets.values, config.test_share, config.split_seed)
        return self.inputs[0][rows[0]], self.inputs[0][rows[1]], rows


def read_arrays(config: RunConfig, files: Sequence[Path]) -> Halves:
    """The data set in a file, or in one for each half. Raises UserError if it cannot be read."""
    held = [_parts(file, config) for file in files]
    if len(held) == 1:
        return from_parts(config, held[0])
    if any(len(parts.inputs) != 1 for parts in held):
        raise refused(config.data, "a file of one half has halves itself")
    inputs, targets = ([getattr(p, name)[0] for p in held] for name in ("inputs", "targets"))
    return from_parts(config, Parts(tuple(inputs), tuple(targets)))


def from_parts(config: RunConfig, parts: Parts) -> Halves:
    """The data set of arrays that a file holds."""
    parts.check(config.data)
    targets = joined_targets(parts.targets, config)
    train, test, rows = parts.halves(targets, config)
    return resident_halves(config, inputs_of(train, test), targets, rows, standardise=True)


def joined_targets(parts: Sequence[Array], config: RunConfig) -> Targets:
    """The targets of all parts together, so that a class has the same number in each."""
    if all(isinstance(part, np.ndarray) for part in parts):
        return named_targets(
            np.concatenate([np.asarray(p) for p in parts]), config.task, config.data
        )
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if len(tensors) != len(parts) or len({tuple(p.shape[1:]) for p in tensors}) > 1:
        raise refused(config.data, "the targets of its halves are not alike")
    return targets_of(torch.cat(tensors), config.task, config.data)


def named_parts(arrays: Mapping[str, Any], data: str) -> Parts:
    """Inputs and targets out of arrays with names; raises UserError if they are not there."""
    known = {name.lower(): value for name, value in arrays.items()}
    train, test = (
        (_first(known, INPUTS, half), _first(known, TARGETS, half))
        for half in (TRAIN_NAMES, TEST_NAMES)
    )
    whole = (_first(known, INPUTS, ("",)), _first(known, TARGETS, ("",)))
    for pairs in ((train, test), (whole, test), (whole,), (train,)):
        if all(part is not None for pair in pairs for part in pair):
            inputs = tuple(as_tensor(pair[0], data) for pair in pairs)
            return Parts(inputs, tuple(as_targets(pair[1], data) for pair in pairs))
    names = ", ".join(list(arrays)[:10]) or "nothing"
    raise refused(
        data,
        f"it holds {names}; looked for were inputs ({', '.join(INPUTS)}) and targets "
        f"({', '.join(TARGETS)}), for each half as x_train, y_train, x_test, y_test",
    )


def _first(known: Mapping[str, Any], names: Sequence[str], halves: Sequence[str]) -> Any:
    for half in halves:
        for name in names:
            for full in (f"{name}_{half}", f"{half}_{name}") if half else (name,):
                if full in known:
                    return known[full]
    return None


def as_tensor(values: Any, data: str) -> Tensor:
    """Numbers as a tensor; of arrays, whole numbers but bytes become int64."""
    if isinstance(values, Tensor):
        return _plain(values, data)
    array = as_array(values)
    if array.dtype.kind not in "biuf":
        raise refused(data, f"an array of type {array.dtype} where numbers are needed")
    if array.dtype.kind in "iu" and array.dtype != np.uint8:
        array = array.astype(np.int64)
    if array.dtype == np.longdouble:
        array = array.astype(np.float64)
    return torch.from_numpy(np.ascontiguousarray(array))


def _plain(tensor: Tensor, data: str) -> Tensor:
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        raise refused(
            data, "a tensor that is sparse, quantised or without values; needed is a plain one"
        )
    tensor = tensor.detach().cpu()
    small = tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.uint8
    return tensor if small or tensor.dtype == torch.bool else tensor.long()


def as_targets(values: Any, data: str) -> Array:
    """Numbers as a tensor, text as it is."""
    array = values if isinstance(values, Tensor) else as_array(values)
    if isinstance(array, np.ndarray) and array.dtype.kind in "US":
        return array.astype(np.str_).reshape(-1)
    return as_tensor(values, data)


def _parts(file: Path, config: RunConfig) -> Parts:
    held = _READERS[file.suffix.lower()](file)
    if isinstance(held, Mapping):
        return named_parts(held, str(file))
    if isinstance(held, tuple | list) and len(held) in (2, 4) and _are_arrays(held):
        pairs = [held[i : i + 2] for i in range(0, len(held), 2)]
        return Parts(
            tuple(as_tensor(inputs, str(file)) for inputs, _ in pairs),
            tuple(as_targets(targets, str(file)) for _, targets in pairs),
        )
    if isinstance(held, np.ndarray | Tensor):
        return _matrix(as_tensor(held, str(file)), config, str(file))
    raise refused(
        file,
        f"it holds {type(held).__name__}; needed are tensors by name (x, y), or a tuple of them",
    )


def _are_arrays(held: Sequence[Any]) -> bool:
    return all(isinstance(each, np.ndarray | Tensor) for each in held)


def _matrix(matrix: Tensor, config: RunConfig, file: str) -> Parts:
    """A matrix whose last column is to be told."""
    if matrix.ndim != 2 or matrix.shape[1] < 2:
        raise refused(
            file,
            f"an array of shape {tuple(matrix.shape)} has no targets; needed is a matrix whose "
            "last column they are, or an .npz with inputs x and targets y",
        )
    last = matrix[:, -1]
    if config.task != Task.REGRESSION and _few_whole_numbers(last):
        last = last.long()
    return Parts((matrix[:, :-1],), (last,))


def _few_whole_numbers(column: Tensor) -> bool:
    values = torch.unique(column)
    whole = len(values) <= _FEW_VALUES and bool((values == values.round()).all())
    return whole and bool(values.min() >= 0) and bool(values.max() <= _FEW_VALUES)


def _read_numpy(file: Path) -> Any:
    try:
        held = np.load(file, allow_pickle=False)
        if isinstance(held, np.ndarray):
            return held
        with held:
            wanted = [name for name in held.files if _is_known(name)]
            # Other arrays may be anything, but their names are to be said.
            return {name: held[name] if name in wanted else None for name in held.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as fault:
        raise refused(file, _why_not(fault, file)) from None


def _is_known(name: str) -> bool:
    return bool({*INPUTS, *TARGETS} & set(name.lower().split("_")))


def _why_not(fault: Exception, file: Path) -> str:
    with file.open("rb") as opened:
        if not opened.read(6).startswith((b"PK", b"\x93NUMPY")):
            return "it cannot be read: it is not of NumPy's format; nothing of it was executed"
    if "pickle" in str(fault):
        return "it holds Python objects, which would have to be executed; save arrays of numbers"
    return f"it cannot be read ({fault or type(fault).__name__})"


def _read_torch(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats: they would be written on the screen
            return torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, KeyError, EOFError):
        raise refused(
            file,
            "it holds more than tensors, or is damaged; nothing of it was executed; save "
            "tensors alone, as torch.save({'x': x, 'y': y}, file)",
        ) from None
    except (OSError, RuntimeError, ValueError) as fault:
        raise refused(file, f"it cannot be read ({_first_line(fault)})") from None


def _read_safetensors(file: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except (SafetensorError, OSError, ValueError) as fault:
        raise refused(file, f"it cannot be read ({_first_line(fault)})") from None


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0][:200]


_READERS: dict[str, Callable[[Path], Any]] = {
    ".npz": _read_numpy,
    ".npy": _read_numpy,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".safetensors": _read_safetensors,
}
