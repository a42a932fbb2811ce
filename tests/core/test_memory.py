"""Running out of memory, simulated: fewer examples go through at once, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.commands import Advance, Change, FinishEpoch
from core.config import configure
from core.data.dataset import Dataset
from core.log import Log
from core.memory import is_out_of_memory
from core.models.size import micro_batch
from core.run import Run
from core.snapshot import State
from tests.core.conftest import NO_KERNELS, make_data, work_off
from tests.core.saved import asked, begun, journal_of, resumed, small, the_run

assert small

FAULTS = {
    "of a device": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "of the processor": lambda: RuntimeError(
        "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you "
        "tried to allocate 8 bytes. Error code 12 (Cannot allocate memory)"
    ),
    "of a library": lambda: RuntimeError(
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
    ),
    "of Python": MemoryError,
}


def let_through(model: nn.Module, most: int, fault: Callable[[], BaseException]) -> list[int]:
    """Let at most so many examples through the network at once; how many went, pass by pass."""
    went: list[int] = []

    def look(_model: nn.Module, given: tuple[Tensor]) -> None:
        if len(given[0]) > most:
            raise fault()
        went.append(len(given[0]))

    model.register_forward_pre_hook(look)
    return went


@pytest.fixture(scope="module")
def data() -> Dataset:
    return make_data(train=900, test=300)


@pytest.fixture
def build(data: Dataset) -> Callable[..., Run]:
    def make(**given: Any) -> Run:
        config = configure({"eval_every": "epoch", **given})
        return Run("run 1", config, data, NO_KERNELS, log=Log(lambda: 0.0, listens=True))

    return make


@pytest.mark.parametrize("kind", FAULTS)
def test_an_update_that_found_no_memory_is_made_of_smaller_pieces(
    kind: str, build: Callable[..., Run], data: Dataset
) -> None:
    run = build(strategy="batch")
    plain = build(strategy="batch").trainer
    F.cross_entropy(plain.model(data.train.inputs), data.train.targets).backward()
    work_off(run)
    before = run.trainer.micro_batch
    went = let_through(run.trainer.model, 100, FAULTS[kind])
    run.obey(Advance(1))
    work_off(run)
    assert run.state is State.PAUSED
    assert run.trainer.updates == 1
    assert run.trainer.examples == 900
    assert run.trainer.micro_batch <= 100 < before
    assert max(went) <= 100
    for ours, theirs in zip(run.trainer.model.parameters(), plain.model.parameters(), strict=True):
        assert theirs.grad is not None
        torch.testing.assert_close(ours, theirs - 0.01 * theirs.grad, rtol=1e-5, atol=1e-6)
    (said, *_) = [event for event in run.trainer.record.events if event.what == "memory"]
    assert said.text.startswith("memory there was none for 900 examples at once: now 450")
    means = [line for line in run.log.take() if line["what"] == "means"]
    assert means[-1]["micro_batch"] == run.trainer.micro_batch


def test_no_example_is_lost_or_seen_twice_when_memory_ends_in_mid_epoch(
    build: Callable[..., Run],
) -> None:
    run, seen = build(batch_size=300), []
    work_off(run)
    run.obey(Advance(1))
    work_off(run)
    order = run.trainer.sampler.peek(600).tolist()
    stepper = run.trainer.stepper
    accumulate = stepper.accumulate

    def note(rows: Tensor, total: int) -> None:
        accumulate(rows, total)
        seen.extend(rows.tolist())

    stepper.accumulate = note  # type: ignore[method-assign]
    let_through(run.trainer.model, 64, FAULTS["of a device"])
    run.obey(FinishEpoch())
    work_off(run)
    assert (run.trainer.updates, run.trainer.examples) == (3, 900)
    assert sorted(seen) == sorted(order)


def test_a_judgement_that_found_no_memory_is_made_of_half_the_examples_at_a_time(
    build: Callable[..., Run],
) -> None:
    run = build()
    went = let_through(run.trainer.model, 200, FAULTS["of a device"])
    work_off(run)
    assert run.trainer.record.evaluation is not None
    assert sum(went) == 300
    assert run.trainer.micro_batch > 1
    (said,) = [event for event in run.trainer.record.events if event.what == "memory"]
    assert said.text == "memory there was none for 300 examples at once: now 150 at a time"


def test_where_one_example_is_too_many_the_run_fails_and_says_why(
    build: Callable[..., Run],
) -> None:
    run = build(strategy="batch")
    work_off(run)
    let_through(run.trainer.model, 0, FAULTS["of a device"])
    run.obey(Advance(1))
    work_off(run)
    assert run.state is State.FAILED
    assert "out of memory" in run.reason
    assert run.trainer.updates == 0


def test_other_errors_are_no_want_of_memory() -> None:
    for fault in (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("memory")):
        assert not is_out_of_memory(fault)


@pytest.mark.usefixtures("small")
def test_the_smaller_pieces_are_kept_by_a_resume_and_told_in_the_journal(tmp_path: Path) -> None:
    engine = begun(tmp_path, strategy="batch")
    let_through(the_run(engine).trainer.model, 30, FAULTS["of a device"])
    asked(engine, Advance(2), Change("batch_size", 5), Advance(1))
    _, lines = journal_of(engine)
    means = [line.told for line in lines if line.what == "means"]
    told = means[-1].integer("micro_batch")
    assert told == the_run(engine).trainer.micro_batch
    assert told < micro_batch(the_run(begun(None)).trainer.model, torch.zeros(1, 1, 6, 6))
    engine.close()
    again = resumed(engine.folders[0])
    assert the_run(again).trainer.micro_batch == told
    again.close()
