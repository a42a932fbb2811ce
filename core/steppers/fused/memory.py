"""All parameters of a chain of linear layers in one flat array, shared with torch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_ALIGNED = 16  # float32 values: each matrix and bias begins at a multiple of 64 bytes


class FlatMemory:
    """Flat float32 arrays in which each parameter has its place.

    The parameters themselves move into the first array: torch's tensors become views of it, so
    that torch and the kernels work on the same bytes. An optimizer's memories are moved
    likewise, when a kernel is about to use them.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self._parameters = list(parameters)
        sizes = [parameter.numel() for parameter in self._parameters]
        ends = np.cumsum([-(-size // _ALIGNED) * _ALIGNED for size in sizes])
        self.begins: list[int] = [0, *map(int, ends[:-1])]
        self._size = int(ends[-1])
        self._arrays: dict[str, Tensor] = {}
        flat = torch.zeros(self._size)
        for parameter, view in zip(self._parameters, self._views(flat), strict=True):
            view.copy_(parameter.detach())
            parameter.data = view
        self.weights: NDArray[np.float32] = flat.numpy()

    def holds(self, states: list[dict[str, Tensor]], key: str) -> bool:
        """Whether every parameter's state has the memory `key`."""
        return all(key in state for state in states)

    def let_go(self) -> None:
        """Leave the memories adopted so far to their optimizer; another one gets arrays anew."""
        self._arrays = {}

    def adopt(self, states: list[dict[str, Tensor]], key: str) -> NDArray[np.float32]:
        """The flat array of the memory `key`; each state's own tensor becomes a view of it.

        A memory that a state does not have yet begins at zero.
        """
        flat = self._arrays.setdefault(key, torch.zeros(self._size))
        for state, view in zip(states, self._views(flat), strict=True):
            held = state.get(key)
            if held is None:
                view.zero_()
            elif held.data_ptr() != view.data_ptr():
                view.copy_(held)
            state[key] = view
        return flat.numpy()

    def _views(self, flat: Tensor) -> Iterable[Tensor]:
        for begin, parameter in zip(self.begins, self._parameters, strict=True):
            yield flat[begin : begin + parameter.numel()].view(parameter.shape)
