"""Updates by compiled kernels, on torch's own memory."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from core.optimizers.live import LiveOptimizer
from core.steppers.fused.arrays import Doubles, Examples, Floats, Memories, Network
from core.steppers.fused.blas import sgemm
from core.steppers.fused.chain import Chain
from core.steppers.fused.changes import change
from core.steppers.fused.gradient import SharedGradient
from core.steppers.fused.many import updates_of_many
from core.steppers.fused.memory import FlatMemory
from core.steppers.fused.one import updates_of_one
from core.steppers.fused.rules import RULES
from core.threads import EVERY, share, threads_for, use_threads

_WORTH_SHARING = 512  # examples of an update from which waking other threads surely pays


class _Rule(NamedTuple):
    """An optimizer as the kernels take it: see `change`."""

    code: int
    memories: Memories
    h: Doubles
    step: int


class FusedStepper:
    """Trains a chain of linear layers on resident `inputs` (n, ...) and their classes (n,).

    Shapes are checked here, once: kernels do not look. The parameters must be weight, bias,
    weight, bias, ... in the chain's order.
    """

    name = "fused"
    shares = True

    def __init__(
        self,
        chain: Chain,
        optimizer: LiveOptimizer,
        inputs: Tensor,
        classes: Tensor,
        threads: int | None = None,
    ) -> None:
        self.optimizer = optimizer
        self.threads = 1
        self.every = EVERY
        self._chosen_threads = threads
        self._served: LiveOptimizer | None = None  # whose memories the kernels have
        self._begun: list[str] = []  # memories that the latest call began
        inputs = inputs.reshape(len(inputs), -1).contiguous()
        self._data = Examples(inputs.numpy(), classes.contiguous().numpy())
        _check(chain, optimizer.parameters, self._data)
        self._memory = FlatMemory(optimizer.parameters)
        places = np.array(self._memory.begins, np.int64).reshape(-1, 2)
        self._net = Network(self._memory.weights, chain.widths, chain.kinds, places)
        self._gradient = SharedGradient(self._net, self._data, threads or EVERY)

    def updates(self, rows: Tensor, rates: Doubles) -> Floats:
        size = rows.shape[1]
        losses = np.empty(len(rows), np.float32)
        code, memories, h, step = rule = self._rule()
        if size >= _WORTH_SHARING:
            done = self._shared_updates(rows, rates, rule, losses)
        else:
            self.threads = 1
            use_threads(1)
            batches = rows.contiguous().numpy()
            net, data = self._net, self._data
            if size == 1:
                examples = batches.reshape(-1)
                done = updates_of_one(net, memories, data, examples, rates, code, h, step, losses)
            else:
                room, sums = self._gradient.room, self._gradient.sums
                done = updates_of_many(
                    *(net, sgemm(), memories, data, batches, rates),
                    *(code, h, step, losses, room, sums),
                )
        made = done if math.isfinite(losses[done - 1]) else done - 1
        if made:
            self._count(step + made)
        else:
            self._drop(self._begun)
        return losses[:done]

    def _shared_updates(self, rows: Tensor, rates: Doubles, rule: _Rule, losses: Floats) -> int:
        """As `updates_of_many`, each update by several threads."""
        for k, (some, rate) in enumerate(zip(rows, rates.tolist(), strict=True)):
            self.accumulate(some, len(some))
            losses[k] = self._gradient.loss
            if not math.isfinite(losses[k]):
                self.abandon()
                return k + 1
            self._change(rate, rule, k)
        return len(rows)

    def accumulate(self, rows: Tensor, total: int) -> None:
        threads = self._chosen_threads or threads_for(len(rows), self.every)
        self.threads = min(threads, share())
        self._gradient.add(rows, total, threads)

    def apply(self, rate: float) -> float:
        loss = self._gradient.loss
        if math.isfinite(loss):
            rule = self._rule()
            self._change(rate, rule, 0)
            self._count(rule.step + 1)
        self.abandon()
        return loss

    def _change(self, rate: float, rule: _Rule, since: int) -> None:
        """Change the weights by what was gathered, `since` updates after the rule was asked."""
        sums = self._gradient.gather()
        rule.h[0] = rate
        step = rule.step + since
        change(rule.code, self._net.weights, _ONE, sums, rule.memories, rule.h, step)

    def abandon(self) -> None:
        self._gradient.clear()

    def _rule(self) -> _Rule:
        optimizer = self.optimizer
        if optimizer is not self._served:
            self._served = optimizer
            self._memory.let_go()
        rule = RULES[optimizer.spec.name]
        states = [optimizer.state_of(parameter) for parameter in optimizer.parameters]
        step = self._steps_done(states)
        in_use = {memory.key for memory in optimizer.spec.memories if optimizer.keeps(memory)}
        self._begun = [key for key in in_use if key not in states[0]]
        memories = [
            self._memory.adopt(states, key) if key in in_use else _NOTHING for key in rule.memories
        ]
        memories += [_NOTHING] * (3 - len(memories))
        values = np.array(rule.pack(optimizer.values), np.float64)
        return _Rule(rule.code, Memories(*memories), values, step)

    def _steps_done(self, states: list[dict[str, Any]]) -> int:
        if not RULES[self.optimizer.spec.name].counts:
            return int(self._memory.holds(states, "momentum_buffer"))
        return int(states[0]["step"]) if "step" in states[0] else 0

    def _drop(self, keys: list[str]) -> None:
        """Forget memories that were begun for an update that was then not made."""
        for parameter in self.optimizer.parameters:
            for key in keys:
                self.optimizer.state_of(parameter).pop(key, None)

    def _count(self, steps: int) -> None:
        """Leave the count of updates where torch's optimizer looks for it."""
        if not RULES[self.optimizer.spec.name].counts:
            return
        for parameter in self.optimizer.parameters:
            self.optimizer.state_of(parameter)["step"] = torch.tensor(float(steps))


_NOTHING = np.empty(0, np.float32)
_ONE = np.ones(1, np.float32)


def _check(chain: Chain, parameters: list[nn.Parameter], data: Examples) -> None:
    shapes = [tuple(parameter.shape) for parameter in parameters]
    expected: list[tuple[int, ...]] = []
    for inputs, outputs in pairwise(map(int, chain.widths)):
        expected += [(outputs, inputs), (outputs,)]
    assert shapes == expected, f"{shapes} is not the chain {chain.widths}"
    assert data.images.shape == (len(data.labels), chain.widths[0])
    assert data.images.dtype == np.float32
    assert data.labels.dtype == np.int64
    assert 0 <= data.labels.min() <= data.labels.max() < chain.widths[-1]
