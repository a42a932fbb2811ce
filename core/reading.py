"""Reading code without looking for garbage meanwhile: nothing that is read is any."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reading() -> Iterator[None]:
    """For imports: Python would search all that is there again and again, a tenth of the start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what was read stays, and need not be searched later on either
        if was_on:
            gc.enable()
