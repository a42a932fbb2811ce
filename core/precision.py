"""How exactly a network's products are computed while it trains: float32, TF32 or bfloat16.

Weights, gradients and what an optimizer remembers are float32 all the same. What judges and
looks at a network always computes in float32, so that a change of precision does not change
the scale by which it is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch.amp.autocast_mode import is_autocast_available

from core.errors import UserError

_AMPERE = (8, 0)  # the first NVIDIA cards with products in TF32


def check_precision(precision: str, device: torch.device) -> None:
    """Raise UserError if the device cannot compute in it."""
    if precision == "tf32" and not _has_tf32(device):
        raise UserError(
            f"precision: tf32 needs an NVIDIA card of the Ampere generation or a later one; "
            f"{device} computes in float32 or bfloat16",
            setting="precision",
        )
    if precision == "bfloat16" and not _has_bfloat16(device):
        raise UserError(
            f"precision: torch {torch.__version__} has no bfloat16 on {device}; it computes in "
            "float32",
            setting="precision",
        )


def _has_tf32(device: torch.device) -> bool:
    nvidia = device.type == "cuda" and torch.version.cuda is not None
    return nvidia and torch.cuda.get_device_capability(device) >= _AMPERE


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported())
    return is_autocast_available(device.type)


@contextmanager
def products(precision: str, device: torch.device) -> Iterator[None]:
    """Compute the device's float32 products exactly, or in TF32; torch has that process-wide.

    Left to itself, torch takes TF32 for convolutions and recurrent layers wherever it can.
    """
    if device.type != "cuda":
        yield
        return
    before = [read() for read, _ in _SWITCHES]
    _switch(["tf32" if precision == "tf32" else "ieee"] * len(_SWITCHES))
    try:
        yield
    finally:
        _switch(before)


def forward(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """What a forward pass and its loss are to be computed in."""
    if precision != "bfloat16":
        return nullcontext()  # one that changes nothing would cost some 15 microseconds
    return torch.autocast(device.type, torch.bfloat16)


def _place(module: Any, name: str) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """How a switch of torch's is read, and how it is set."""
    return lambda: getattr(module, name), lambda value: setattr(module, name, value)


def _older(module: Any) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """The same for a switch of torch before 2.9, which is on or off."""
    read, write = _place(module, "allow_tf32")
    return read, lambda value: write(value in ("tf32", True))


_MATRICES, _CUDNN = torch.backends.cuda.matmul, torch.backends.cudnn
_SWITCHES = (
    tuple(_place(each, "fp32_precision") for each in (_MATRICES, _CUDNN.conv, _CUDNN.rnn))
    if hasattr(_CUDNN, "conv")
    else (_older(_MATRICES), _older(_CUDNN))
)


def _switch(values: list[Any]) -> None:
    for (_, write), value in zip(_SWITCHES, values, strict=True):
        write(value)
