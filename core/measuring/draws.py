"""Python's and NumPy's random numbers apart, for a user's code that runs beside their training."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class OwnDraws:
    """Lets code draw from the generators that the whole process shares, without a trace in them.

    The draws begin where these stand, and go on, each time they are in force, where they ended.
    Torch's generators are each run's own anyway: see `core.randomness`.
    """

    def __init__(self) -> None:
        self._states = _read()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Draw from the own ones."""
        outside = _read()
        _write(self._states)
        try:
            yield
        finally:
            self._states = _read()
            _write(outside)


def _read() -> tuple[Any, Any]:
    return random.getstate(), np.random.get_state()


def _write(states: tuple[Any, Any]) -> None:
    pythons, numpys = states
    random.setstate(pythons)
    np.random.set_state(numpys)
