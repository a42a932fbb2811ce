"""Which networks there are. The classes are imported when one is built, not before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A network by name.

    `factory` is the "module:callable" that builds it from an image shape (channels, height,
    width in pixels), a number of classes and the chosen hidden widths. `micro_batch` is how
    many examples go through it at once when an update takes more: small enough that a pause
    need never wait long.
    """

    name: str
    factory: str
    meaning: str
    micro_batch: int = 1024


MODELS = {
    spec.name: spec
    for spec in (
        ModelSpec(
            "simplenet", "core.models.simplenet:build", "the chapter's network, 784-128-10, ReLU"
        ),
        ModelSpec("softmax", "core.models.softmax:build", "softmax regression: one linear layer"),
        ModelSpec(
            "perceptron",
            "core.models.perceptron:build",
            "hidden layers of chosen widths (--widths), ReLU",
        ),
        ModelSpec(
            "lenet",
            "core.models.lenet:build",
            "a small convolutional network, the size of LeNet-5",
            micro_batch=256,
        ),
    )
}
