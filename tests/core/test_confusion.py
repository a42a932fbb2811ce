"""What is taken for what is counted right, and the surest mistakes are the surest."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.data.split import Resident
from core.figures import Wrong
from core.measuring.confusion import MOST_PAIRS, MOST_WRONG, matrix, most_confident, worst_pairs

CLASSES = 4
answers = st.lists(
    st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=60
)


@given(answers)
def test_the_matrix_counts_each_pair_of_truth_and_word(pairs: list[tuple[int, int]]) -> None:
    truths, said = torch.tensor(pairs).unbind(1)
    counts = matrix(said, truths, CLASSES)
    for truth in range(CLASSES):
        for word in range(CLASSES):
            assert counts[truth, word] == pairs.count((truth, word))


@given(answers)
def test_the_worst_pairs_are_the_commonest_confusions(pairs: list[tuple[int, int]]) -> None:
    truths, said = torch.tensor(pairs).unbind(1)
    found = worst_pairs(said, truths, CLASSES)
    wrong = [pair for pair in pairs if pair[0] != pair[1]]
    assert {(p.truth, p.said): p.count for p in found} == {p: wrong.count(p) for p in wrong}
    assert [p.count for p in found] == sorted((p.count for p in found), reverse=True)


def test_of_very_many_pairs_some_are_told() -> None:
    truths = torch.arange(1000)
    assert len(worst_pairs((truths + 1) % 1000, truths, 1000)) == MOST_PAIRS


def problem(n: int) -> tuple[nn.Module, Resident]:
    generator = torch.Generator().manual_seed(n)
    model = nn.Linear(5, CLASSES)
    inputs = 3 * torch.randn(n, 5, generator=generator)
    return model, Resident(inputs, torch.randint(CLASSES, (n,), generator=generator))


@pytest.mark.parametrize("chunk", [4096, 7])
def test_the_surest_mistakes_are_the_wrong_examples_of_highest_probability(chunk: int) -> None:
    model, data = problem(200)
    probabilities = torch.softmax(model(data.inputs), 1).detach()
    sure, said = probabilities.max(1)
    wrong = torch.nonzero(said != data.targets).flatten()
    *waits, found = most_confident(model, data, wrong, chunk)
    assert waits == [None] * -(-len(wrong) // chunk)
    best = sorted(wrong.tolist(), key=lambda k: -float(sure[k]))[:MOST_WRONG]
    assert found is not None
    assert [each.index for each in found] == best
    for each in found:
        assert (each.truth, each.said) == (int(data.targets[each.index]), int(said[each.index]))
        assert each.probability == pytest.approx(float(sure[each.index]), rel=1e-5)


def test_what_has_become_right_meanwhile_is_no_mistake() -> None:
    model, data = problem(50)
    said = model(data.inputs).argmax(1)
    right = torch.nonzero(said == data.targets).flatten()
    assert len(right)
    *_, found = most_confident(model, data, right, 16)
    assert found == ()


def test_looking_leaves_the_examples_as_they_can_be_taken_again() -> None:
    model, data = problem(20)
    assert [*most_confident(model, data, torch.arange(10), 10)][-1]
    inputs, _ = data.take(torch.arange(10))
    assert torch.equal(inputs, data.inputs[:10])


def test_without_mistakes_there_is_nothing_to_ask() -> None:
    model, data = problem(5)
    assert [*most_confident(model, data, torch.empty(0, dtype=torch.int64), 16)] == [()]


def test_a_model_that_says_no_numbers_is_sure_of_nothing() -> None:
    model, data = problem(5)
    with torch.no_grad():
        model.weight.fill_(float("nan"))  # type: ignore[operator]
    *_, found = most_confident(model, data, torch.arange(5), 16)
    assert found == ()


def test_a_mistake_names_its_place_in_the_test_set() -> None:
    model = nn.Identity()
    logits = torch.tensor([[9.0, 0.0], [0.0, 9.0], [2.0, 0.0]])
    data = Resident(logits, torch.tensor([0, 0, 1]))
    *_, found = most_confident(model, data, torch.tensor([1, 2]), 1)
    first = Wrong(1, 0, 1, pytest.approx(1 / (1 + 2.718281828**-9)))
    second = Wrong(2, 1, 0, pytest.approx(1 / (1 + 2.718281828**-2)))
    assert found == (first, second)
