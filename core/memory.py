"""Running out of memory: how it is known, and that it need not end a run."""

from __future__ import annotations

import torch

_WORDS = ("out of memory", "not enough memory", "can't allocate memory", "_status_alloc_failed")


def is_out_of_memory(fault: BaseException) -> bool:
    """Whether an operation failed for want of memory, of the device's or the computer's."""
    if isinstance(fault, torch.OutOfMemoryError | MemoryError):
        return True
    # torch's allocator for the processor has no error of its own, nor have the libraries for GPUs.
    said = str(fault).lower()
    return isinstance(fault, RuntimeError) and any(words in said for words in _WORDS)
