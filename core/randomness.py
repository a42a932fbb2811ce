"""torch's global random generators, as one run has them: what is random in its network draws there.

Dropout, and whatever a user's own layers draw, comes from generators that the whole process
shares. So each run has states of its own, which are in force while it trains and at no other
time: the same seed gives the same weights, and looking never changes training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from core.steppers.fused.chain import chain_of

States = Mapping[str, Tensor]  # by the kind of device: uint8, (k,), in the computer's memory


class Randomness:
    """The states of a run on `device`: at first those that `torch.manual_seed(seed)` leaves.

    Where its `model` draws nothing, the global generators are left alone.
    """

    def __init__(self, seed: int, device: torch.device, model: nn.Module) -> None:
        self._device = device
        self._draws = draws(model)
        self._states = {
            kind: torch.Generator(kind if kind == "cpu" else device).manual_seed(seed).get_state()
            for kind in {"cpu", device.type}
        }

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the global generators be this run's."""
        if not self._draws:  # several such runs may train at the same time
            yield
            return
        before = read(self._device)
        write(self._device, self._states)
        try:
            yield
        finally:
            self._states = read(self._device)
            write(self._device, before)

    def state(self) -> dict[str, Tensor]:
        """What decides the numbers to come; an update under way has drawn none yet."""
        return dict(self._states)

    def load_state(self, states: States) -> None:
        """Go on from what `state` told; of a device that it does not know, as it is now."""
        self._states = {kind: states.get(kind, now) for kind, now in self._states.items()}


def draws(model: nn.Module) -> bool:
    """Whether a model may draw random numbers: a chain does not, of others nobody knows."""
    return chain_of(model) is None


def read(device: torch.device) -> dict[str, Tensor]:
    """The states of the global generators that a network on `device` draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def write(device: torch.device, states: States) -> None:
    """Set these states."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(states["mps"])
