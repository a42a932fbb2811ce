"""Data that the user's own code returns: data sets and tensors, and faults with the user's line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.errors import UserError
from tests.core.data.own_files import in_files, in_memory, read, write_code

HEAD = """
import torch
import numpy as np
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

class Mine(Dataset):
    classes = ["cat", "dog"]
    def __init__(self, n=20):
        self.n = n
    def __len__(self):
        return self.n
    def __getitem__(self, i):
        if i >= self.n:
            raise IndexError(i)
        return torch.full((3, 4), float(i)), i % 2

x = torch.arange(60.0).reshape(20, 3)
y = torch.arange(20) % 2
"""


def test_a_data_set_is_left_unread_and_gets_halves(tmp_path: Path) -> None:
    found = read(write_code(tmp_path, f"{HEAD}\ndef make(): return Mine()"))
    assert found.spec.title == "make"
    assert found.spec.classes == ("cat", "dog")
    assert (found.spec.shape, found.spec.train, found.spec.test) == ((3, 4), 16, 4)
    train = in_files(found.train)
    for index in range(16):
        inputs, target = train.examples[index]
        assert inputs.dtype == torch.float32
        assert target == train.targets[index] == int(inputs[0, 0]) % 2


def test_a_pair_of_data_sets_are_the_halves_in_their_own_order(tmp_path: Path) -> None:
    found = read(write_code(tmp_path, f"{HEAD}\ndef make(): return Mine(), Mine(6)"))
    assert (found.spec.train, found.spec.test) == (20, 6)
    assert [int(in_files(found.test).examples[i][0][0, 0]) for i in range(6)] == [*range(6)]


def test_numbers_are_told_as_the_user_gives_them(tmp_path: Path) -> None:
    code = "\nclass Price(Mine):\n    def __getitem__(self, i): return np.ones(3), i * 1000.0"
    found = read(write_code(tmp_path, f"{HEAD}{code}\ndef make(): return Price(), Price(4)"))
    assert found.spec.targets == ("target",)
    assert found.test.targets.tolist() == [[0.0], [1000.0], [2000.0], [3000.0]]


@pytest.mark.parametrize(
    "returned",
    [
        "x, y",
        "[x.numpy(), y.numpy()]",
        "{'x': x, 'y': y}",
        "TensorDataset(x, y)",
    ],
)
def test_tensors_are_taken_as_they_were_prepared(tmp_path: Path, returned: str) -> None:
    found = read(write_code(tmp_path, f"{HEAD}\ndef make(): return {returned}"))
    train, test = in_memory(found.train), in_memory(found.test)
    inputs = torch.cat([train.inputs, test.inputs])
    assert torch.equal(inputs.sort(0).values, torch.arange(60.0).reshape(20, 3))
    assert torch.equal(torch.cat([train.targets, test.targets]), inputs[:, 0].long() // 3 % 2)


@pytest.mark.parametrize(
    "returned",
    [
        "x[:15], y[:15], x[15:], y[15:]",
        "{'x_train': x[:15], 'y_train': y[:15], 'x_test': x[15:], 'y_test': y[15:]}",
        "TensorDataset(x[:15], y[:15]), TensorDataset(x[15:], y[15:])",
    ],
)
def test_four_tensors_are_the_halves(tmp_path: Path, returned: str) -> None:
    found = read(write_code(tmp_path, f"{HEAD}\ndef make(): return {returned}"))
    assert in_memory(found.test).inputs[:, 0].tolist() == [45, 48, 51, 54, 57]


def test_halves_of_ours_are_taken_as_they_are(tmp_path: Path) -> None:
    code = "from core.data.mnist import load_mnist as make"
    assert read(write_code(tmp_path, code)).spec.name == "mnist"


def test_what_draws_at_random_draws_the_same_again(tmp_path: Path) -> None:
    code = f"{HEAD}\ndef make(): return torch.rand(20, 3), y"
    reference = write_code(tmp_path, code)
    first = in_memory(read(reference).train).inputs
    torch.rand(1)
    state = torch.get_rng_state()
    assert torch.equal(first, in_memory(read(reference).train).inputs)
    assert torch.equal(state, torch.get_rng_state())
    assert not torch.equal(first, in_memory(read(reference, split_seed=1).train).inputs)


def test_a_list_of_targets_is_not_believed_where_the_examples_differ(tmp_path: Path) -> None:
    code = """
class Listed(Mine):
    read = 0
    targets = [i % 2 for i in range(200)]
    def __getitem__(self, i):
        Listed.read += 1
        return torch.zeros(2), {target}
def make():
    return Listed(200)
def reads():
    return torch.zeros(4, Listed.read + 1), torch.tensor([0, 1, 0, 1])
"""
    straight = write_code(tmp_path, HEAD + code.replace("{target}", "i % 2"))
    found = read(straight)
    assert sorted(found.train.targets.tolist()) == [0] * 80 + [1] * 80
    assert read(straight.replace(":make", ":reads")).spec.shape[0] < 20
    (tmp_path / "other").mkdir()
    turned = read(write_code(tmp_path / "other", HEAD + code.replace("{target}", "i // 190")))
    assert torch.bincount(turned.train.targets).tolist() == [152, 8]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def make(): return 1 / 0", r"mine.py, line \d+: ZeroDivisionError"),
        ("def make(): return None", "it returned NoneType; needed is a map-style Dataset"),
        ("def make(): return x", "it returned Tensor; needed"),
        ("def make(): return x, y, x", r"it returned \(Tensor, Tensor, Tensor\); needed"),
        (
            "class S(IterableDataset):\n    def __iter__(self): return iter([])\n"
            "def make(): return S()",
            "S is an IterableDataset, whose examples cannot be taken in any order",
        ),
        ("def make(): return Mine(0)", "Mine is empty"),
        (
            "class Bad(Mine):\n    def __len__(self): return len(self.missing)\n"
            "def make(): return Bad()",
            r"failed: .*mine.py, line \d+: AttributeError: 'Bad' object has no attribute 'missing'",
        ),
        ("def make(): return Mine(2)", "too few"),
        (
            "class Bad(Mine):\n    def __getitem__(self, i): return [][i], 0\n"
            "def make(): return Bad()",
            r"item 0 of Bad failed: .*mine.py, line \d+: IndexError",
        ),
        (
            "class Bad(Mine):\n    def __getitem__(self, i): return torch.ones(2)\n"
            "def make(): return Bad()",
            r"item 0 of Bad is Tensor of torch.float32 \(2,\); needed is a pair",
        ),
        (
            "from PIL import Image\nclass Bad(Mine):\n    def __getitem__(self, i): "
            "return Image.new('L', (4, 4)), 0\ndef make(): return Bad()",
            "the input in item 0 of Bad is Image; needed is a tensor of floats .*ToTensor",
        ),
        (
            "class Bad(Mine):\n    def __getitem__(self, i): return torch.ones(2), 'cat'\n"
            "def make(): return Bad()",
            "the target in item 0 of Bad is str; needed is the number of a class",
        ),
        (
            "class Bad(Mine):\n    def __getitem__(self, i):\n"
            "        return torch.full((2,), 0.0 if i < 5 else torch.nan), i % 2\n"
            "def make(): return Bad()",
            "NaN or infinity in the input of item 5 of Bad",
        ),
        (
            "class Bad(Mine):\n    def __getitem__(self, i): return torch.ones(2 + i // 7), i % 2\n"
            "def make(): return Bad()",
            r"the input in item 7 of Bad has the shape \(3,\), that in item 0 \(2,\)",
        ),
        (
            "class Bad(Mine):\n    def __getitem__(self, i): return torch.ones(2), i\n"
            "def make(): return Bad()",
            "class of example 2, counted from 0, is 2, outside the 2 classes from 0 to 1",
        ),
        ("def make(): return x, y * 0", "of one class, 0"),
        ("def make(): return x / 0, y", "NaN or infinity in the inputs of 20 examples"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_a_line(
    tmp_path: Path, code: str, words: str
) -> None:
    with pytest.raises(UserError, match=words) as fault:
        read(write_code(tmp_path, f"{HEAD}\n{code}"))
    assert "\n" not in str(fault.value)
    assert fault.value.setting == "data"


def test_a_factory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no mak in .*did you mean make"):
        read(write_code(tmp_path, "def make(): pass").replace(":make", ":mak"))
