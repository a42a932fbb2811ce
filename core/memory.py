"""Running out of memory: how it is known, and that it need not end a run."""

from __future__ import annotations

import torch


def is_out_of_memory(fault: BaseException) -> bool:
    """Whether an operation failed for want of memory, of the device's or the computer's."""
    if isinstance(fault, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(fault).lower()  # torch's allocator for the processor has no error of its own
    return isinstance(fault, RuntimeError) and (
        "out of memory" in said or "not enough memory" in said or "can't allocate memory" in said
    )
