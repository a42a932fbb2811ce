"""A torch optimizer whose hyperparameters can be edited, and which can hand on its memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from core.errors import UserError
from core.optimizers import groups, uncompiled
from core.optimizers.table import Hyperparameter, Memory, OptimizerSpec


class LiveOptimizer:
    """The optimizer `spec` over `parameters`, with a value for each of its hyperparameters.

    It is made of one or several torch optimizers: Muon takes only weight matrices and leaves
    the rest to AdamW. Raises UserError where this torch does not have it.
    """

    def __init__(
        self, spec: OptimizerSpec, parameters: Iterable[nn.Parameter], values: Mapping[str, Any]
    ) -> None:
        self.spec = spec
        self.parameters = list(parameters)
        self.values = dict(values)
        self.parts = _parts(spec, self.parameters)
        self._switched_off: dict[str, int] = {}  # hyperparameter -> update at which it became 0
        self._rate: float | None = None
        for row in spec.hyperparameters:
            self._put(row, values[row.name])

    def set_rate(self, rate: float) -> None:
        """The learning rate of the next update, the schedule included."""
        if rate != self._rate:
            for group in self._groups():
                group["lr"] = rate
            self._rate = rate

    def step(self) -> None:
        """Change the weights by the gradients that lie in `.grad`."""
        for part in self.parts:
            if self.spec.own:
                part.step()
            else:
                uncompiled.step(part)

    def write(self, name: str, value: Any, update: int) -> str:
        """Give a hyperparameter a new value before update number `update`.

        Returns what of the memory had to be reset, in words, or nothing. A memory that was
        switched off is gone once an update has passed without it.
        """
        row = self.spec.hyperparameter(name)
        was_on, is_on = bool(self.values[name]), bool(value)
        self.values[name] = value
        self._put(row, value)
        if was_on and not is_on:
            self._switched_off[name] = update
        stale = is_on and not was_on and self._switched_off.pop(name, update) != update
        reset = [m for m in self.spec.memories if stale and m.switch == name and self._holds(m)]
        for memory in reset:
            self._forget(memory)
        self._complete()
        return f"reset: {', '.join(memory.meaning for memory in reset)}" if reset else ""

    def adopt(self, other: LiveOptimizer) -> str:
        """Take over what `other` remembers, if that is all that this optimizer needs.

        Returns what was kept and what was reset, in words; nothing if there was nothing.
        """
        if not any(other.states()):
            return ""
        kept: list[str] = []
        held = [memory for memory in other.spec.memories if other._holds(memory)]
        sources = {memory.meaning: memory.key for memory in held}
        needed = [memory for memory in self.spec.memories if not memory.switch]
        if needed and all(memory.meaning in sources for memory in needed):
            for parameter in self.parameters:
                theirs, ours = other.state_of(parameter), self.state_of(parameter)
                ours |= {m.key: theirs[sources[m.meaning]].clone() for m in needed}
            kept = [memory.meaning for memory in needed]
        self._complete()
        reset = [memory.meaning for memory in held if memory.meaning not in kept]
        reset += [f"what {other.spec.torch_name} remembered"] if other.spec.own else []
        said = [f"kept: {', '.join(kept)}"] if kept else []
        said += [f"reset: {', '.join(reset)}"] if reset else []
        return "; ".join(said)

    def state_of(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        """The part's own state of one parameter, which may be written."""
        for part in self.parts:
            if any(parameter is p for group in part.param_groups for p in group["params"]):
                state: dict[str, Tensor] = part.state[parameter]
                return state
        raise KeyError("not a parameter of this optimizer")

    def states(self) -> list[dict[str, Tensor]]:
        """Each parameter's state, in the order of the parameters; empty before first use."""
        return [dict(self.state_of(parameter)) for parameter in self.parameters]

    def keeps(self, memory: Memory) -> bool:
        """Whether a memory is in use, by the present values."""
        return not memory.switch or bool(self.values[memory.switch])

    def state(self) -> dict[str, Any]:
        """A copy of all that decides the updates to come."""
        return {
            "parts": [_copied(part.state_dict()["state"]) for part in self.parts],
            "values": dict(self.values),
            "switched_off": dict(self._switched_off),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of an optimizer that has these very values."""
        for part, saved in zip(self.parts, state["parts"], strict=True):
            groups = part.state_dict()["param_groups"]  # as the values have them
            part.load_state_dict({"state": _copied(saved), "param_groups": groups})
        self.values = dict(state["values"])
        self._switched_off = dict(state["switched_off"])
        self._rate = None

    def _groups(self) -> Iterable[dict[str, Any]]:
        return (group for part in self.parts for group in part.param_groups)

    def _put(self, row: Hyperparameter, value: Any) -> None:
        """Write a value where torch looks for it."""
        groups.write(self._groups(), row, value)
        if row.name == "lr":
            self._rate = value

    def _holds(self, memory: Memory) -> bool:
        return any(memory.key in state for state in self.states())

    def _forget(self, memory: Memory) -> None:
        for parameter in self.parameters:
            self.state_of(parameter).pop(memory.key, None)

    def _complete(self) -> None:
        """Add the memories that torch makes only in an optimizer's first update."""
        for memory in self.spec.memories:
            if not memory.switch or memory.anew or not self.keeps(memory):
                continue
            for parameter in self.parameters:
                state = self.state_of(parameter)
                if state and memory.key not in state:
                    state[memory.key] = torch.zeros_like(parameter)


def kept(tensor: Tensor) -> Tensor:
    """A copy in the computer's own memory: that of a GPU is for training."""
    return tensor.detach().to("cpu", copy=True)


def _copied(state: Mapping[Any, Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Copies of each parameter's memories, none of which shares its bytes with another."""
    return {
        place: {k: kept(v) if isinstance(v, Tensor) else deepcopy(v) for k, v in held.items()}
        for place, held in state.items()
    }


def _parts(spec: OptimizerSpec, parameters: list[nn.Parameter]) -> list[Optimizer]:
    if spec.own:
        return [spec.own(parameters)]
    if not hasattr(torch.optim, spec.torch_name):
        raise UserError(
            f"optimizer: torch {torch.__version__} has no {spec.torch_name}", setting="optimizer"
        )
    if spec.torch_name != "Muon":
        return [uncompiled.make(spec.torch_name, parameters)]
    matrices = [p for p in parameters if p.ndim == 2]
    others = [p for p in parameters if p.ndim != 2]
    # With this adjustment one learning rate suits both Muon and AdamW.
    parts: list[Optimizer] = []
    if matrices:
        parts.append(uncompiled.make("Muon", matrices, adjust_lr_fn="match_rms_adamw"))
    if others:
        parts.append(uncompiled.make("AdamW", others))
    return parts
