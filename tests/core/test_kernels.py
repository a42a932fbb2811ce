"""What the kernels are made of: right for any input, without memory of their own per update."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="kernels need numba, which this Python may be too new for")

from numba.core.runtime import _nrt_python, rtsys

from core.config import configure
from core.data.dataset import Dataset
from core.record import Record
from core.steppers.fused import blas, compiling
from core.steppers.fused.layers import exp, tanh
from core.steppers.fused.preparation import Preparation
from core.trainer import Trainer

kernels = Preparation()
kernels.finish()

floats = st.floats(-100, 100, width=32)
sizes = st.integers(1, 9)


def units_in_the_last_place(value: float, exact: float) -> float:
    return abs(value - exact) / float(np.spacing(np.float32(abs(exact))))


@given(st.floats(-87, 88, width=32))
def test_exp_is_within_two_units_in_the_last_place(x: float) -> None:
    assert units_in_the_last_place(exp(np.float32(x)), math.exp(x)) <= 2


@given(floats)
def test_tanh_is_within_three_units_in_the_last_place(x: float) -> None:
    assert units_in_the_last_place(tanh(np.float32(x)), math.tanh(x)) <= 3


@pytest.mark.parametrize("function", [exp, tanh])
def test_what_is_not_a_number_stays_so_that_divergence_is_seen(function: object) -> None:
    assert callable(function)
    assert math.isnan(function(np.float32(math.nan)))


def test_beyond_its_range_exp_stays_finite() -> None:
    assert exp(np.float32(math.inf)) == exp(np.float32(88))
    assert exp(np.float32(-math.inf)) == exp(np.float32(-87))


def library(name: str) -> int:
    address = blas.sgemm() if name == "chosen" else blas.scipy_sgemm()
    assert address
    return address


@pytest.mark.parametrize("name", ["chosen", "scipy"])
@given(sizes, sizes, sizes, st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_products_are_those_of_numpy(
    name: str, m: int, n: int, k: int, turn_a: bool, turn_b: bool, add: bool
) -> None:
    random = np.random.default_rng(m + 10 * n + 100 * k)
    a, b = random.normal(size=(m, k)), random.normal(size=(k, n))
    c = random.normal(size=(m, n)).astype(np.float32)
    expected = a @ b + (c if add else 0)
    given_a = np.ascontiguousarray(a.T if turn_a else a, np.float32)
    given_b = np.ascontiguousarray(b.T if turn_b else b, np.float32)
    blas.multiply(library(name), given_a, turn_a, given_b, turn_b, c, add)
    np.testing.assert_allclose(c, expected, rtol=1e-5, atol=1e-5)


def test_without_an_sgemm_in_torchs_library_scipys_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blas, "torch_sgemm", lambda: 0)
    assert blas.sgemm.__wrapped__() == blas.scipy_sgemm()


@pytest.mark.parametrize("given", [{}, {"optimizer": "adam"}, {"batch_size": 7}])
def test_an_update_asks_for_no_memory(data: Dataset, given: dict[str, object]) -> None:
    trainer = Trainer(configure(given), data, Record(), kernels)
    trainer.advance(1)

    def asked_for(updates: int) -> int:
        size = trainer.examples_per_update
        rows = torch.arange(updates * size).remainder(90).view(updates, size)
        before = rtsys.get_allocation_stats().alloc
        trainer.stepper.updates(rows, np.full(updates, 1e-6))
        return int(rtsys.get_allocation_stats().alloc - before)

    _nrt_python.memsys_enable_stats()
    try:
        assert asked_for(500) == asked_for(5) > 0
    finally:
        _nrt_python.memsys_disable_stats()


def test_another_text_of_a_kernel_has_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = set()
    for text in ("one", "other"):
        (tmp_path / "kernel.py").write_text(text)
        monkeypatch.setattr(compiling, "__file__", str(tmp_path / "compiling.py"))
        folders.add(compiling.kernels_folder.__wrapped__())
    assert len(folders) == 2
