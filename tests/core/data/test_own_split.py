"""The split that is made where none is given: stratified, seeded, and nothing lost."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.data.own.split import made_split

CLASSES = st.lists(st.integers(0, 4), min_size=2, max_size=60)
SHARES = st.floats(0.05, 0.95)
SEEDS = st.integers(0, 2**63 - 1)


@given(CLASSES, SHARES, SEEDS)
def test_every_example_is_in_exactly_one_half(classes: list[int], share: float, seed: int) -> None:
    train, test = made_split(torch.tensor(classes), share, seed)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(len(classes)))
    assert len(train) > 0
    assert len(test) > 0


@given(CLASSES, SHARES, SEEDS)
def test_each_class_keeps_its_share_and_is_in_both_halves(
    classes: list[int], share: float, seed: int
) -> None:
    labels = torch.tensor(classes)
    counts = torch.bincount(labels)
    _, test = made_split(labels, share, seed)
    if not bool((counts >= 2).any()):
        return  # each example is a class of its own: there is nothing to keep
    tested = torch.bincount(labels[test], minlength=len(counts)).tolist()
    for of_test, of_all in zip(tested, counts.tolist(), strict=True):
        if of_all >= 2:
            assert 1 <= of_test <= of_all - 1
            assert abs(of_test - share * of_all) < 1 or of_test in (1, of_all - 1)


@given(st.integers(2, 60), SHARES, SEEDS)
def test_of_numbers_to_be_told_the_share_is_drawn_at_random(
    count: int, share: float, seed: int
) -> None:
    train, test = made_split(torch.zeros(count, 1), share, seed)
    assert len(test) == min(max(round(share * count), 1), count - 1)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(count))


@given(CLASSES, SHARES, SEEDS)
def test_the_same_seed_makes_the_same_halves_whatever_torch_drew_before(
    classes: list[int], share: float, seed: int
) -> None:
    first = made_split(torch.tensor(classes), share, seed)
    torch.rand(3)
    again = made_split(torch.tensor(classes), share, seed)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_another_seed_makes_other_halves() -> None:
    labels = torch.arange(100) % 5
    halves = {tuple(made_split(labels, 0.2, seed)[1].tolist()) for seed in range(5)}
    assert len(halves) == 5


def test_of_large_classes_the_counts_are_those_of_exact_proportion() -> None:
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    train, test = made_split(labels, 0.2, 0)
    assert torch.bincount(labels[test]).tolist() == [10, 6, 4]
    assert torch.bincount(labels[train]).tolist() == [40, 24, 16]


@pytest.mark.parametrize("seed", range(5))
def test_neither_half_is_sorted_by_class_at_its_beginning_or_its_end(seed: int) -> None:
    for half in made_split(torch.arange(3000) // 300, 0.2, seed):
        for some in (half[:40], half[-40:]):
            assert torch.bincount(some // 300).max() <= 13  # of 40 from ten classes, some 4 each
