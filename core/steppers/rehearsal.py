"""What no graph could repeat of an update: what a model does in Python, beside its tensors.

A captured update plays the device's part alone. Where a model draws random numbers on the
processor, counts its passes or puts other tensors in the place of its buffers, each update played
would be the one that was captured.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

_PLAIN = (bool, int, float, str, type(None))


class Rehearsal:
    """Modules as they are before some updates are made on trial, by a device of this kind.

    Where that is the processor itself, torch's generator for it is the device's.
    """

    def __init__(self, modules: Sequence[nn.Module], kind: str) -> None:
        self._foreign = ("python", "numpy") if kind == "cpu" else ("python", "numpy", "torch")
        self._drawn = _draws()
        self._held = [(module, _plain(module)) for module in modules]
        self._buffers = [(module, dict(module._buffers)) for module in modules]

    def spoiled(self) -> str:
        """What these updates changed that a graph would not; nothing if all is as it was."""
        now = _draws()
        if any(now[whose] != self._drawn[whose] for whose in self._foreign):
            return "the model draws random numbers on the processor"
        for module, held in self._held:
            for name, value in _plain(module).items():
                if name not in held or (value is not held[name] and value != held[name]):
                    return f"the model's {type(module).__name__} changes its {name} in Python"
        for module, buffers in self._buffers:
            for name, buffer in module._buffers.items():
                if buffer is not buffers.get(name):
                    return f"the model puts another tensor in the place of its buffer {name}"
        return ""

    def go_back(self) -> None:
        """Make all of that what it was."""
        random.setstate(self._drawn["python"])
        np.random.set_state(self._drawn["numpy"])
        torch.set_rng_state(torch.frombuffer(bytearray(self._drawn["torch"]), dtype=torch.uint8))
        for module, held in self._held:
            for name in _plain(module).keys() - held.keys():
                delattr(module, name)
            vars(module).update(held)
        for module, buffers in self._buffers:
            module._buffers.update(buffers)


def _draws() -> dict[str, Any]:
    """The states of the processor's random generators, which can be compared."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (kind, tuple(np.asarray(keys).tolist()), *rest),
        "torch": torch.get_rng_state().numpy().tobytes(),
    }


def _plain(module: nn.Module) -> dict[str, Any]:
    """A module's own attributes that are numbers or words."""
    return {name: value for name, value in vars(module).items() if isinstance(value, _PLAIN)}
