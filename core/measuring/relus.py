"""Units that say nothing: watching every ReLU of any model, be it a module or a function.

A ReLU whose input is below 0 for every example passes no gradient back, so it stays so: it is
dead (Lu et al., "Dying ReLU and Initialization", arXiv 1903.06733).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

if TYPE_CHECKING:
    from core.measuring.layers import Layer

# What nn.ReLU, nn.ReLU6 and all who call for it themselves come down to.
_RELUS = {torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, F.relu, F.relu6}
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)  # whose units are channels, at dimension 1


class ReluWatch(TorchFunctionMode):
    """While it is entered, notes which units of every ReLU said something.

    A ReLU belongs to the layer that was last gone through before it. A unit is a channel of a
    convolution, else an entry of the last dimension.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self._layers = layers
        self._hooks: list[RemovableHandle] = []
        self._latest: Layer | None = None
        self._calls = 0
        self._spoke: dict[tuple[str, int, int], Tensor] = {}  # by layer, call and units

    def __enter__(self) -> ReluWatch:
        self._latest, self._calls = None, 0
        for layer in self._layers:
            self._hooks.append(layer.module.register_forward_hook(self._passing(layer)))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *fault: Any) -> None:
        super().__exit__(*fault)  # type: ignore[no-untyped-call]
        while self._hooks:
            self._hooks.pop().remove()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        returned = func(*args, **(kwargs or {}))
        if func in _RELUS:
            self._calls += 1
            if self._latest is not None:
                self._note(self._latest, returned.detach())
        return returned

    def dead(self) -> dict[str, float]:
        """By the names of layers, the share of units that said nothing on any example."""
        spoke = {layer.name: self._of(layer) for layer in self._layers}
        units = {name: torch.cat(each) for name, each in spoke.items() if each}
        counts = torch.stack([x.sum() for x in units.values()]).tolist() if units else []  # at once
        return {
            name: 1 - count / len(units[name]) for name, count in zip(units, counts, strict=True)
        }

    def _of(self, layer: Layer) -> list[Tensor]:
        return [each for (name, *_), each in self._spoke.items() if name == layer.name]

    def _passing(self, layer: Layer) -> Callable[..., None]:
        def note(_module: nn.Module, _inputs: object, _output: object) -> None:
            self._latest = layer

        return note

    def _note(self, layer: Layer, said: Tensor) -> None:
        at = 1 if isinstance(layer.module, _CONVOLUTIONS) else said.dim() - 1
        others = [place for place in range(said.dim()) if place != at]
        spoke = (said > 0).any(dim=others) if others else said > 0
        key = layer.name, self._calls, len(spoke)
        before = self._spoke.get(key)
        self._spoke[key] = spoke if before is None else before | spoke
