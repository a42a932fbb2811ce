"""Which networks there are. The classes are imported when one is built, not before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A network by name.

    `factory` is the "module:callable" that builds it from an input's shape (channels, height,
    width in pixels; or columns), a number of outputs and the chosen hidden widths.
    """

    name: str
    title: str
    factory: str


MODELS = {
    spec.name: spec
    for spec in (
        # The chapter's network: 784-128-10 with ReLU.
        ModelSpec("simplenet", "SimpleNet", "core.models.simplenet:build"),
        # One linear layer.
        ModelSpec("softmax", "Softmax regression", "core.models.softmax:build"),
        # Hidden layers of chosen widths, with ReLU.
        ModelSpec("perceptron", "Perceptron", "core.models.perceptron:build"),
        # Two convolutions and three linear layers, the size of LeNet-5.
        ModelSpec("lenet", "LeNet", "core.models.lenet:build"),
    )
}


def is_ours(name: str) -> bool:
    """Whether it is a network of gd-tui itself."""
    return name in MODELS
