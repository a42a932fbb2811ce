"""A checkpoint in a file: safetensors, with the rest as JSON in its heading, and a checksum."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import Tensor

from core.errors import UserError
from core.fingerprint import bytes_of
from core.saving import files
from core.saving.fields import DamagedError

FORMAT, VERSION = "gd-tui checkpoint", "1"
_MOST_TEXT = 4_000_000  # bytes of JSON, which takes many times as much memory once it is read
_LONGEST_HEADING = 16_000_000

Tensors = Mapping[str, Tensor]


def write(path: Path, tensors: Tensors, state: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all. Raises OSError."""
    text = json.dumps(state, allow_nan=False)
    if len(text) > _MOST_TEXT:
        raise OSError(errno.EFBIG, "there is too much to tell of it")
    heading = {"format": FORMAT, "version": VERSION, "state": text}
    heading["sha256"] = _digest(tensors, text)
    # As arrays, since some tensors may share their bytes, which torch's form of it refuses.
    arrays = {name: tensor.contiguous().numpy() for name, tensor in tensors.items()}
    files.replace(path, save(arrays, heading))


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the rest, as they were written. Raises UserError, in one line."""
    try:
        heading, tensors = _read(path)
        text = heading.get("state", "")
        if _digest(tensors, text) != heading.get("sha256"):
            raise DamagedError("it is damaged (its checksum is not that of what it holds)")
        return tensors, parsed(text)
    except (DamagedError, OSError) as fault:
        raise unusable(path, fault) from None


def peek(path: Path) -> tuple[dict[str, Any], int]:
    """The part that is no tensors, unchecked, and the file's bytes. Raises UserError."""
    try:
        heading, _ = _read(path, tensors=False)
        return parsed(heading.get("state", "")), path.stat().st_size
    except (DamagedError, OSError) as fault:
        raise unusable(path, fault) from None


def unusable(path: Path, fault: Exception) -> UserError:
    """What to say of a checkpoint that cannot be used."""
    why = getattr(fault, "strerror", None) or str(fault)
    return UserError(f"the checkpoint cannot be used: {why}", str(path))


def _read(path: Path, *, tensors: bool = True) -> tuple[dict[str, str], dict[str, Tensor]]:
    """What the heading tells, and the tensors, if they are wanted."""
    files.check_regular(path)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > _LONGEST_HEADING:
        raise DamagedError("it is damaged (its heading would be too long)")
    try:
        with safe_open(path, framework="pt") as file:
            heading = file.metadata() or {}
            _check_version(heading)
            names = list(file.keys()) if tensors else []
            return heading, {name: file.get_tensor(name).clone() for name in names}
    except SafetensorError as fault:
        raise DamagedError(f"it is damaged ({' '.join(str(fault).split())[:80]})") from None
    except (MemoryError, OverflowError, RuntimeError, ValueError, TypeError):
        raise DamagedError("it is damaged (what it holds cannot be read)") from None


def _check_version(heading: Mapping[str, str]) -> None:
    if heading.get("format") != FORMAT:
        raise DamagedError("it is no checkpoint of gd-tui")
    version = heading.get("version", "none")
    if version != VERSION:
        raise DamagedError(f"its version is {version[:20]}, and version {VERSION} is read here")


def parsed(text: str | bytes) -> dict[str, Any]:
    """The JSON object in a text from a file. Raises DamagedError."""
    if len(text) > _MOST_TEXT:
        raise DamagedError("there is too much of it")
    try:
        state = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DamagedError("it is damaged (no JSON)") from None
    if not isinstance(state, dict):
        raise DamagedError("it is damaged (no JSON object)")
    return state


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _digest(tensors: Tensors, text: str) -> str:
    """A checksum of all that is in it. It is for accidents: whoever forges can compute it, too."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(bytes_of(tensor))
    return digest.hexdigest()
