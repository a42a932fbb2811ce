"""Every example is visited once an epoch, whatever happens in between."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from core.config import ORDERS
from core.sampler import Sampler

N = 23
ONCE = [order for order in ORDERS if order != "replacement"]


def epoch_of(sampler: Sampler) -> list[int]:
    visited = sampler.peek(sampler.left).tolist()
    sampler.advance(sampler.left)
    return list(visited)


def test_a_shuffled_order_is_torchs_own_from_the_seed() -> None:
    sampler, generator = Sampler(N, "reshuffled", 3), torch.Generator().manual_seed(3)
    for _ in range(3):
        assert epoch_of(sampler) == torch.randperm(N, generator=generator).tolist()


def test_a_fixed_order_repeats_one_shuffle_and_a_sequential_one_counts() -> None:
    fixed = Sampler(N, "fixed", 3)
    first = epoch_of(fixed)
    assert sorted(first) == list(range(N)) != first
    assert epoch_of(fixed) == first
    assert epoch_of(Sampler(N, "sequential", 3)) == list(range(N))


def test_with_replacement_some_examples_come_twice() -> None:
    epoch = epoch_of(Sampler(N, "replacement", 3))
    assert len(epoch) == N
    assert len(set(epoch)) < N


@given(
    seed=st.integers(0, 2**32),
    start=st.sampled_from(ONCE),
    steps=st.lists(st.one_of(st.integers(1, N), st.sampled_from(ONCE)), max_size=30),
)
def test_every_example_is_visited_once_an_epoch_whatever_the_changes(
    seed: int, start: str, steps: list[int | str]
) -> None:
    sampler = Sampler(N, start, seed)
    epochs: list[list[int]] = [[]]
    for step in [*steps, N]:
        if isinstance(step, str):
            sampler.reorder(step)
            continue
        count = min(step, sampler.left)
        epochs[-1] += sampler.peek(count).tolist()
        sampler.advance(count)
        if sampler.cursor == 0:
            epochs.append([])
    *whole, last = epochs
    assert all(sorted(epoch) == list(range(N)) for epoch in whole)
    assert len(last) == len(set(last)) == sampler.cursor
    assert sampler.epochs_done == len(whole)


@given(
    visited=st.integers(0, 3 * N),
    first=st.sampled_from(list(ORDERS)),
    other=st.sampled_from(list(ORDERS)),
)
def test_an_order_changed_and_changed_back_leaves_no_trace(
    visited: int, first: str, other: str
) -> None:
    changed, left_alone = Sampler(N, first, 1), Sampler(N, first, 1)
    for _ in range(visited):
        for sampler in (changed, left_alone):
            sampler.peek(1)
            sampler.advance(1)
    changed.reorder(other)
    changed.reorder(first)
    for _ in range(3):
        assert epoch_of(changed) == epoch_of(left_alone)


@given(visited=st.integers(0, N - 1), order=st.sampled_from(list(ORDERS)))
def test_a_saved_state_goes_on_where_it_was(visited: int, order: str) -> None:
    sampler = Sampler(N, order, 5)
    sampler.peek(visited)
    sampler.advance(visited)
    saved = sampler.state()
    expected = [epoch_of(sampler), epoch_of(sampler)]
    other = Sampler(N, "sequential", 0)
    other.load_state(saved)
    assert [epoch_of(other), epoch_of(other)] == expected
