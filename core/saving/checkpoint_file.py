"""A checkpoint in a file: safetensors, with the rest as JSON in its heading, and a checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from core.errors import UserError
from core.fingerprint import bytes_of
from core.saving import files
from core.saving.fields import DamagedError

FORMAT, VERSION = "gd-tui checkpoint", "1"
_MOST_TEXT = 64_000_000  # bytes of JSON

Tensors = Mapping[str, Tensor]


def write(path: Path, tensors: Tensors, state: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all. Raises OSError."""
    text = json.dumps(state, allow_nan=False)
    heading = {"format": FORMAT, "version": VERSION, "state": text}
    heading["sha256"] = _digest(tensors, text)
    files.replace(path, save(dict(tensors), heading))


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the rest, as they were written. Raises UserError, in one line."""
    try:
        return _read(path)
    except (DamagedError, OSError) as fault:
        raise unusable(path, fault) from None


def unusable(path: Path, fault: Exception) -> UserError:
    """What to say of a checkpoint that cannot be used."""
    why = getattr(fault, "strerror", None) or str(fault)
    return UserError(f"the checkpoint cannot be used: {why}", str(path))


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            heading = file.metadata() or {}
            if heading.get("format") != FORMAT:
                raise DamagedError("it is no checkpoint of gd-tui")
            if heading.get("version") != VERSION:
                found = "".join(c for c in heading.get("version", "none")[:20] if c.isprintable())
                raise DamagedError(f"its version is {found}, and version {VERSION} is read here")
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as fault:
        raise DamagedError(f"it is damaged ({' '.join(str(fault).split())[:80]})") from None
    except (MemoryError, OverflowError, RuntimeError, ValueError, TypeError):
        raise DamagedError("it is damaged (what it holds cannot be read)") from None
    text = heading.get("state", "")
    if _digest(tensors, text) != heading.get("sha256"):
        raise DamagedError("it is damaged (its checksum is not that of what it holds)")
    return tensors, parsed(text)


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
