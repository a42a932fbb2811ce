"""The network as a file for others: its weights, a program of torch.export, or ONNX."""

from __future__ import annotations

import copy
import importlib
import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from core.data.dataset import DEVIATION, MEAN
from core.data.spec import DataSpec
from core.errors import UserError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_MOST_NAMES = 100


def about(data: DataSpec) -> dict[str, str]:
    """What a file says of itself, where its format has room for it."""
    shape, names = ", ".join(map(str, data.shape)), data.classes or data.targets
    listed = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
    plain = f"the inputs as gd-tui reads them from {data.title}"
    pixels = f"pixels from 0 to 255 as (pixel / 255 - {MEAN}) / {DEVIATION}"
    return {
        "input": f"{_input(data)}, float32 (n, {shape})",
        "preprocessing": pixels if data.levels == (-1.0, 1.0) else plain,
        "output": f"{_output(data)}, float32 (n, {data.outputs}): {listed}",
    }


def _input(data: DataSpec) -> str:
    return "images" if data.levels else "inputs"


def _output(data: DataSpec) -> str:
    return "logits" if data.classes else "numbers"


def save_safetensors(model: nn.Module, data: DataSpec, path: Path) -> None:
    """Write the state of `model` as safetensors; raises UserError where that cannot be."""
    from safetensors.torch import save

    state = model.state_dict()
    tensors = {  # copies: the format knows no two names for the same memory
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in state.items()
    }
    _write(path, save(tensors, metadata={"format": "pt", **about(data)}))


def save_program(model: nn.Module, data: DataSpec, example: Tensor, path: Path) -> None:
    """Write `model`, as it judges, as a program for `torch.export.load`.

    `example` is (n, ...) as the model takes it; the program takes any n. What `about` tells lies
    beside it, for `extra_files`. The model is left as it was; raises UserError if the file
    cannot be written.
    """
    content = io.BytesIO()
    torch.export.save(_program(model, example), content, extra_files=about(data))
    _write(path, content.getvalue())


def save_onnx(model: nn.Module, data: DataSpec, example: Tensor, path: Path) -> None:
    """Write `model`, as it judges, as ONNX, with the input `images` and the output `logits`
    of pictures and classes; else `inputs` and `numbers`.

    `example` is as for `save_program`. Raises UserError if the file cannot be written, or if
    what ONNX needs is not installed.
    """
    for package in ("onnx", "onnxscript"):
        try:
            importlib.import_module(package)
        except ImportError:
            raise UserError(
                f"ONNX needs the package {package}: pip install 'gd-tui[onnx]'"
            ) from None
    with warnings.catch_warnings(category=FutureWarning, action="ignore"):  # torch's, of itself
        exported = torch.onnx.export(
            _program(model, example),
            dynamo=True,
            input_names=[_input(data)],
            output_names=[_output(data)],
            verbose=False,
        )
    assert exported is not None
    written = exported.model_proto
    written.doc_string = "; ".join(f"{name}: {said}" for name, said in about(data).items())
    for name, said in about(data).items():
        written.metadata_props.add(key=name, value=said)
    _write(path, written.SerializeToString())


def _program(model: nn.Module, example: Tensor) -> ExportedProgram:
    """The program of a copy of `model`: on the processor, without dropout and the like.

    Nothing in it tells of this computer's folders.
    """
    judging = copy.deepcopy(model).cpu().eval()
    several = example[:1].cpu().repeat(2, *[1] * (example.dim() - 1))  # of 1, n would be fixed
    program = torch.export.export(
        judging, (several,), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
    return program


def _write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    try:
        if path.exists() and not path.is_file():
            raise OSError(None, "it is not a file")
        target = path.resolve()
        beside = target.parent / f".gd-tui-{os.getpid()}.tmp"
        try:
            beside.write_bytes(content)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, RuntimeError) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
        raise UserError(
            f"{str(path)!r} cannot be written: {why}; it must be a file in a directory that "
            "exists and can be written to"
        ) from None
