"""What updates change, kept so that one which is not to be made leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from core import randomness
from core.optimizers.live import LiveOptimizer


class Traces:
    """What a pass through a model leaves behind besides gradients.

    That are its buffers, the running statistics of a batch normalisation for one, and the states
    of the random generators that it drew from.
    """

    def __init__(self, model: nn.Module, device: torch.device) -> None:
        self._device = device
        self._owners = [module for module in model.modules() if module._buffers]
        self._draws = randomness.draws(model)
        self._ahead: Any = None  # those of the update under way

    def read(self) -> Any:
        """As they are now."""
        copies = [
            (module, name, buffer, buffer.detach().clone())
            for module in self._owners
            for name, buffer in module._buffers.items()
            if buffer is not None
        ]
        return copies, randomness.read(self._device) if self._draws else None

    def write(self, traces: Any) -> None:
        """Make them what `read` gave."""
        copies, states = traces
        with torch.no_grad():
            for module, name, buffer, copy in copies:
                module._buffers[name] = buffer  # a model may have put another in its place
                buffer.copy_(copy)
        if states:
            randomness.write(self._device, states)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Go on where the update under way was; to others it is as if it had not begun."""
        before = self.read()
        if self._ahead is not None:
            self.write(self._ahead)
        try:
            yield
            self._ahead = self.read()
        finally:
            self.write(before)

    def take_over(self) -> None:
        """The update was made: what it left behind counts."""
        if self._ahead is not None:
            self.write(self._ahead)
        self._ahead = None

    def drop(self) -> None:
        """The update will not be made."""
        self._ahead = None


class Standpoint:
    """Weights, traces and the optimizer's memory at one moment, on their device."""

    def __init__(self, model: nn.Module, optimizer: LiveOptimizer, traces: Traces) -> None:
        self._traces, self._left = traces, traces.read()
        self._memories = [
            (part.state, {parameter: dict(held) for parameter, held in part.state.items()})
            for part in optimizer.parts
        ]
        self._tensors = changing(model, optimizer)
        self._copies = [tensor.clone() for tensor in self._tensors]

    @torch.no_grad()
    def go_back(self) -> None:
        """Make them all what they were, in the very same tensors."""
        for tensor, copy in zip(self._tensors, self._copies, strict=True):
            tensor.copy_(copy)
        for states, before in self._memories:
            for parameter, state in states.items():
                state.clear()
                state.update(before.get(parameter, {}))
        self._traces.write(self._left)


def changing(model: nn.Module, optimizer: LiveOptimizer) -> list[Tensor]:
    """The tensors that an update changes, but for buffers."""
    weights = [parameter.detach() for parameter in model.parameters()]
    return weights + [
        memory
        for part in optimizer.parts
        for state in part.state.values()
        for memory in state.values()
        if isinstance(memory, Tensor)
    ]
