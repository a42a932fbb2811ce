"""Examples are taken by their numbers, by several runs at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch

from core.data.split import Resident


def examples() -> Resident:
    return Resident(torch.arange(20.0).view(10, 2), torch.arange(10))


def test_what_one_thread_has_taken_no_other_one_writes() -> None:
    split = examples()
    inputs, targets = split.take(torch.tensor([1, 2]))
    with ThreadPoolExecutor(1) as other:
        theirs, _ = other.submit(split.take, torch.tensor([7, 8])).result()
        assert theirs[:, 0].tolist() == [14, 16]
    assert inputs[:, 0].tolist() == [2, 4]
    assert targets.tolist() == [1, 2]


def test_what_was_taken_while_looking_is_not_what_is_trained_on() -> None:
    split = examples()
    with torch.inference_mode():
        split.take(torch.tensor([1]))
    inputs, _ = split.take(torch.tensor([3]))
    assert not inputs.is_inference()
    assert inputs.tolist() == [[6, 7]]
