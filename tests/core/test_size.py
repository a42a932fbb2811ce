"""How many examples go through a network at once follows from its size alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.models.lenet import LeNet
from core.models.perceptron import perceptron
from core.models.simplenet import SimpleNet
from core.models.size import micro_batch, multiplications

EXAMPLE = torch.zeros(1, 1, 28, 28)


def test_multiplications_are_those_of_the_layers() -> None:
    assert multiplications(SimpleNet(), EXAMPLE) == 784 * 128 + 128 * 10
    convolution = nn.Conv2d(1, 6, 5, padding=2)
    assert multiplications(nn.Sequential(convolution), EXAMPLE) == 2 * 6 * 28 * 28 * 25


@pytest.mark.parametrize(
    ("model", "examples"),
    [
        (SimpleNet(), 2048),
        (LeNet(), 256),
        (perceptron(784, (2048, 2048), 10), 32),
        (perceptron(784, (1,), 10), 8192),
    ],
)
def test_a_larger_network_takes_fewer_examples_at_once(model: nn.Module, examples: int) -> None:
    assert micro_batch(model, EXAMPLE) == examples


def test_a_gpu_takes_more_examples_at_once_by_its_kind_alone() -> None:
    example = EXAMPLE.to("meta")  # stands for any device that is no processor
    assert micro_batch(SimpleNet().to("meta"), example) == 65_536
    assert micro_batch(LeNet().to("meta"), example) == 16_384
    assert micro_batch(perceptron(784, (20_000, 20_000), 10).to("meta"), example) == 128


def test_looking_at_the_size_leaves_no_trace() -> None:
    model = SimpleNet()
    micro_batch(model, EXAMPLE)
    assert model.training
    assert not any(layer._forward_hooks for layer in model.modules())
