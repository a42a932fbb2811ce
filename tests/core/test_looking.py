"""Which test examples are on show, and what is said of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.data.dataset import Dataset
from core.data.spec import DataSpec
from core.data.split import Resident
from core.looking import Showcase, misses
from core.snapshot import Digits, Numbers
from tests.core.conftest import make_data

TESTS = 45


def of_numbers(targets: int = 1) -> Dataset:
    """A table of 3 columns; each number to be told is so many times the first column."""
    inputs = torch.arange(3.0 * TESTS).reshape(TESTS, 3)
    told = inputs[:, :1] * torch.arange(1.0, targets + 1)
    names = tuple(f"number {place}" for place in range(targets))
    half = Resident(inputs, told)
    return Dataset(DataSpec("table", "table", TESTS, TESTS, (3,), targets=names), half, half)


class First(nn.Module):
    """Tells the first column, and nothing else."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs[:, :1]


def test_numbers_are_told_beside_the_true_ones() -> None:
    showcase = Showcase(of_numbers(), seed=0)
    showcase.choose(7, only_wrong=False, fresh=False, said=None)
    said = showcase.ask(First())
    assert isinstance(said, Numbers)
    assert len(set(said.indices)) == 7
    assert said.targets == ("number 0",)
    assert said.true.shape == said.predicted.shape == (7, 1)
    assert said.true[:, 0].tolist() == [3.0 * place for place in said.indices]
    assert said.predicted.tolist() == said.true.tolist()


def test_the_tenth_of_the_largest_misses_is_shown_worst_first() -> None:
    data = of_numbers()
    off = torch.zeros(TESTS, 1)
    off[[4, 40, 9, 17, 30], 0] = torch.tensor([-50.0, 9.0, math.nan, 20.0, 8.0])
    showcase = Showcase(data, seed=0)
    showcase.choose(200, only_wrong=True, fresh=False, said=data.test.targets + off)
    said = showcase.ask(First())
    assert said.indices == (9, 4, 17, 40, 30)  # of 45 examples
    showcase.choose(2, only_wrong=True, fresh=False, said=data.test.targets + off)
    assert showcase.ask(First()).indices == (9, 4)


def test_before_the_first_evaluation_nothing_is_known_to_be_missed() -> None:
    showcase = Showcase(of_numbers(), seed=0)
    showcase.choose(9, only_wrong=True, fresh=False, said=None)
    assert showcase.ask(First()).indices == ()


def test_the_misses_of_several_numbers_count_in_units_of_their_spread() -> None:
    data = of_numbers(targets=2)
    true = data.test.targets
    said = true.clone()
    said[3, 0] += 10.0
    said[5, 1] += 19.0  # a little less, since this one spreads twice as far
    worst = torch.argsort(misses(said, true), descending=True)
    assert worst[:2].tolist() == [3, 5]
    spread = true[:, 0].numpy().std()
    assert float(misses(said, true)[3]) == pytest.approx(10 / spread / 2)


def test_a_number_that_is_the_same_everywhere_counts_in_its_own_unit() -> None:
    true = torch.ones(4, 1)
    assert misses(true + 3, true).tolist() == [3.0] * 4


def test_examples_that_are_no_pictures_are_shown_by_their_inputs() -> None:
    data = make_data()
    table = replace(data, spec=replace(data.spec, levels=None))
    showcase = Showcase(table, seed=0)
    showcase.choose(5, only_wrong=False, fresh=False, said=None)
    said = showcase.ask(nn.Sequential(nn.Flatten(), nn.Linear(36, 10)))
    assert isinstance(said, Digits)
    assert said.images is None
    assert said.inputs is not None
    assert np.array_equal(said.inputs, data.test.inputs[list(said.indices)].numpy())
