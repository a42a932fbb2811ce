"""What tells one set of weights from another: a hash of every bit, and some of the values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

_SAMPLE = 32


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 of all weights, and up to 32 of them, evenly spaced, in nine figures."""

    sha256: str
    sample: tuple[float, ...]


def fingerprint(weights: Mapping[str, Tensor]) -> Fingerprint:
    """The fingerprint of weights by name, wherever they lie."""
    digest = hashlib.sha256()
    tensors = [value.detach().cpu() for value in weights.values()]
    for tensor in tensors:
        digest.update(bytes_of(tensor))
    flat = torch.cat([tensor.reshape(-1).double() for tensor in tensors])
    places = torch.linspace(0, len(flat) - 1, min(_SAMPLE, len(flat))).long()
    return Fingerprint(
        digest.hexdigest(), tuple(float(f"{value:.9g}") for value in flat[places].tolist())
    )


def bytes_of(tensor: Tensor) -> memoryview:
    """The bytes of a tensor on the processor, without a copy if it is contiguous."""
    flat = tensor.detach().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data if flat.numel() else memoryview(b"")
