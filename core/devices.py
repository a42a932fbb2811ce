"""What computes: the processor, or an accelerator that torch can reach."""

from __future__ import annotations

import torch

from core.errors import UserError


def device_of(name: str) -> torch.device:
    """The device called `name`; raises UserError if it is not there.

    `auto` takes a CUDA device where there is one. It does not take Apple's `mps`: launching
    work there costs more than an update of a small network, so it is for those who ask.
    """
    available = ["cpu", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        available.append("mps")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if (f"{name}:0" if name == "cuda" else name) not in available:
        raise UserError(
            f"device: {name} is not available here; torch {torch.__version__} reaches "
            + ", ".join(available),
            setting="device",
        )
    if name == "cuda":
        return torch.device(name, torch.cuda.current_device())
    return torch.device(name)


def make_current(device: torch.device) -> None:
    """Let this thread's CUDA device be the one, for what a model starts there by itself."""
    if device.type == "cuda":
        torch.cuda.set_device(device)
