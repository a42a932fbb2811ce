"""Updates captured once as a CUDA graph and played again and again: no launches, no waiting.

A captured update reads all that differs from the last one in memory of the device: a counter,
which examples are next, the learning rate. It gathers the examples, computes loss and gradient,
lets torch's optimizer change the weights, writes the loss down and counts on. So hundreds of
updates follow each other without a word from the computer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.data.split import Resident
from core.losses import Loss
from core.optimizers.live import LiveOptimizer
from core.precision import products
from core.steppers.autograd import AutogradStepper
from core.steppers.keeping import Standpoint, changing
from core.steppers.rehearsal import Rehearsal

_UNROLLED = 8  # updates of the large graph
_WARM_UPS = 3  # as torch's own capture of a network makes
_MOST_ROUND = 1024  # updates that are prepared together
_MOST_INDICES = 1 << 20
_MOST_SAID = 200  # characters of a fault


class _Round(NamedTuple):
    """What a round of updates reads and writes, in memory that stays where it is."""

    rows: Tensor  # (most, size) int64
    rates: Tensor  # (most,) float32
    losses: Tensor  # (most,) float32
    at: Tensor  # (1,) int64: the update that is next


class GraphStepper(AutogradStepper):
    """Trains on examples that lie on the device.

    The first slice with new settings goes through autograd, which makes the optimizer's
    memories; then updates of this size are captured. Updates of another size, and those in
    several pieces, go through autograd. With `captures` off, what would be captured is done at
    once, on any device.
    """

    name = "graphs"

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        optimizer: LiveOptimizer,
        examples: Resident,
        threads: int | None = None,
        *,
        captures: bool = True,
    ) -> None:
        super().__init__(model, loss, optimizer, examples, threads, collects=True)
        self.fault = ""  # why nothing could be captured
        self._inputs, self._targets = examples.inputs, examples.targets
        self._captures = captures
        self._rate = torch.zeros((), device=self._device)  # the learning rate of the update
        self._round: _Round | None = None
        self._captured: tuple[Any, ...] = ()  # what the graphs were made for
        self._began_with: tuple[Any, ...] = ()  # with what autograd made an update
        self._graphs: tuple[torch.cuda.CUDAGraph, torch.cuda.CUDAGraph] | None = None

    def prepare(self, rows: Tensor, total: int) -> None:
        """Capture an update of as many examples, if that is new, whole and worth it."""
        count, size = rows.shape
        settings = self._settings()
        wanted = (size, *settings)
        known = self.fault or wanted == self._captured or settings != self._began_with
        if known or size < total or not self._may_collect(count):
            return
        self._forget()
        before, rehearsal = None, Rehearsal(self._modules(), self._device.type)
        try:
            before = Standpoint(self._model, self.optimizer, self._traces)
            self._round = self._new_round(size)
            with products(self.precision, self._device):
                self._graphs = self._capture() if self._captures else None
            self._captured = wanted
            self._refuse(rehearsal.spoiled())
        except Exception as fault:  # a model that looks at its numbers, no memory, ...
            self._refuse(_in_words(fault))
        finally:
            self._clear()
            rehearsal.go_back()
            if before is not None:
                before.go_back()

    def updates(self, rows: Tensor, rates: NDArray[np.float64]) -> NDArray[np.float32]:
        losses = super().updates(rows, rates)
        if np.isfinite(losses[-1]):
            self._began_with = self._settings()
        return losses

    def accumulate(self, rows: Tensor, total: int) -> None:
        self._forget()  # updates in pieces need the memory
        super().accumulate(rows, total)

    def _modules(self) -> list[nn.Module]:
        """All that an update goes through."""
        own = self._loss.own
        return [*self._model.modules(), *(own.modules() if isinstance(own, nn.Module) else ())]

    def _refuse(self, why: str) -> None:
        """Let autograd serve from now on, if there is a reason for it."""
        if why:
            self._forget()
            self.fault = f"no CUDA graph: {why}"

    def _forget(self) -> None:
        self._graphs, self._round, self._captured = None, None, ()

    def _settings(self) -> tuple[Any, ...]:
        """What a captured update has built in."""
        optimizer = self.optimizer
        values = {name: value for name, value in optimizer.values.items() if name != "lr"}
        places = tuple(tensor.data_ptr() for tensor in changing(self._model, optimizer))
        trains = tuple(p.requires_grad for p in optimizer.parameters), self._model.training
        return self.precision, optimizer.spec.name, tuple(values.items()), trains, places

    def _make(self, rows: Tensor, rates: NDArray[np.float64], losses: Tensor) -> None:
        size = rows.shape[1]
        if self._round is None or (size, *self._settings()) != self._captured:
            super()._make(rows, rates, losses)
            return
        told = torch.from_numpy(rates.astype(np.float32)).to(self._device)
        most = len(self._round.rows)
        for begin in range(0, len(rows), most):
            some = slice(begin, min(begin + most, len(rows)))
            count = some.stop - some.start
            self._round.rows[:count] = rows[some]
            self._round.rates[:count] = told[some]
            self._round.at.zero_()
            self._play(count)
            losses[some] = self._round.losses[:count]

    def _play(self, count: int) -> None:
        """Make the next `count` updates of the round."""
        if self._graphs is None:
            with self._rate_in_memory():
                for _ in range(count):
                    self._next_update()
            return
        many, one = self._graphs
        for _ in range(count // _UNROLLED):
            many.replay()
        for _ in range(count % _UNROLLED):
            one.replay()

    def _next_update(self) -> None:
        """The update that the counter is at, without a look at any number."""
        assert self._round is not None
        rows, rates, losses, at = self._round
        which = rows.index_select(0, at).view(-1)
        self._rate.copy_(rates.index_select(0, at).view(()))
        inputs, targets = self._inputs.index_select(0, which), self._targets.index_select(0, which)
        loss = self._part(inputs, targets, len(which))
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self._clear()
        losses.index_copy_(0, at, loss.detach().to(losses.dtype).view(1))
        at.add_(1)

    def _step(self, rate: float) -> None:
        """As a captured update has it, with the rate in memory: to the same last bit."""
        self._rate.fill_(rate)
        with self._rate_in_memory():
            self.optimizer.step()
        self._clear()

    @contextmanager
    def _rate_in_memory(self) -> Iterator[None]:
        """Let the optimizer read its learning rate from `_rate`."""
        groups = [group for part in self.optimizer.parts for group in part.param_groups]
        before = [group["lr"] for group in groups]
        for group in groups:
            group["lr"] = self._rate
        try:
            yield
        finally:
            for group, rate in zip(groups, before, strict=True):
                group["lr"] = rate

    def _new_round(self, size: int) -> _Round:
        most, device = max(_UNROLLED, min(_MOST_ROUND, _MOST_INDICES // size)), self._device
        return _Round(
            torch.zeros(most, size, dtype=torch.int64, device=device),
            torch.zeros(most, device=device),
            torch.zeros(most, device=device),
            torch.zeros(1, dtype=torch.int64, device=device),
        )

    def _capture(self) -> tuple[torch.cuda.CUDAGraph, torch.cuda.CUDAGraph]:
        """Graphs of several updates and of one. The updates made meanwhile must be undone."""
        current, aside = torch.cuda.current_stream(self._device), _aside(self._device)
        aside.wait_stream(current)
        # A capture that fails leaves its stream in place: this puts the current one back.
        with torch.cuda.stream(current), self._rate_in_memory():
            with torch.cuda.stream(aside):  # libraries set themselves up, which no graph may do
                for _ in range(_WARM_UPS):
                    self._next_update()
                with _without_waiting():
                    self._next_update()
            current.wait_stream(aside)
            pool = torch.cuda.graph_pool_handle()
            try:
                return self._graph_of(_UNROLLED, aside, pool), self._graph_of(1, aside, pool)
            except Exception:
                _close(pool, self._device)
                raise

    def _graph_of(self, count: int, stream: torch.cuda.Stream, pool: Any) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        # Other threads of this process may use the device meanwhile: they shall not spoil it.
        mode = "thread_local"
        with torch.cuda.graph(graph, pool=pool, stream=stream, capture_error_mode=mode):
            for _ in range(count):
                self._next_update()
        return graph


@cache
def _aside(device: torch.device) -> torch.cuda.Stream:
    """The stream of all captures on a device: each one has workspaces that are never freed."""
    stream: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return stream


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Raise if something waits for the device, which would break a capture off.

    A capture that was broken off leaves traces in torch's allocator: better not to begin it.
    """
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


def _close(pool: Any, device: torch.device) -> None:
    """Let no memory go to a capture that was broken off: torch leaves its pool open then.

    While one is open, torch gives no memory back that it keeps for later, not even when there is
    none left.
    """
    with suppress(Exception):  # it was closed, or this torch calls it something else
        torch._C._cuda_endAllocateToPool(device.index, pool)


def why_not_captured(optimizer: LiveOptimizer) -> str:
    """What keeps an optimizer out of a graph; nothing if it can be captured.

    torch's optimizers can if they have a form that reads step count and rate on the device:
    the fused one, or the one that they call capturable. What a user's own does in Python, a graph
    would not repeat.
    """
    if optimizer.spec.own:
        return "an optimizer of your own is not captured in a CUDA graph"
    for part in optimizer.parts:
        if not part.defaults.get("fused") and "capturable" not in part.defaults:
            return f"torch's {type(part).__name__} cannot be captured in a CUDA graph"
    return ""


def keep_on_device(optimizer: LiveOptimizer) -> None:
    """Let an optimizer of a CUDA device keep its step count there, and read it nowhere else."""
    for part in optimizer.parts:
        for group in part.param_groups:
            if "capturable" in group:
                group["capturable"] = True
        for parameter, state in part.state.items():
            for key, memory in state.items():
                if isinstance(memory, Tensor):
                    state[key] = memory.to(parameter.device)


def _in_words(fault: Exception) -> str:
    """The fault in a line; a capture that is broken off has another one behind it."""
    first = fault.__context__ if isinstance(fault.__context__, Exception) else fault
    said = str(first).strip().partition("\n")[0]
    return f"{type(first).__name__}: {said}"[:_MOST_SAID]
