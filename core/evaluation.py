"""How the network does on the test set: loss, accuracy, and what it says of each example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Result:
    """The mean loss, the share judged right, and each example's predicted class (n,) int64."""

    loss: float
    accuracy: float
    predictions: Tensor


@contextmanager
def only_looking(model: nn.Module) -> Iterator[None]:
    """Run a model without training it: no gradients, no dropout, no running statistics."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(was_training)


def evaluate(
    model: nn.Module, images: Tensor, labels: Tensor, chunk: int
) -> Iterator[Result | None]:
    """Judge `images` in chunks; yields None after each, so that others may go in between.

    The last thing it yields is the result. Between two chunks the model is as training wants
    it, and its weights must not change.
    """
    losses, predictions = [], []
    for some_images, some_labels in zip(
        torch.split(images, chunk), torch.split(labels, chunk), strict=True
    ):
        with only_looking(model):
            logits = model(some_images)
            losses.append(F.cross_entropy(logits, some_labels, reduction="sum"))
            predictions.append(logits.argmax(1))
        yield None
    said = torch.cat(predictions)
    loss = torch.stack(losses).sum() / len(labels)
    right = int((said == labels).sum())  # counted: in float32, 0.9 would miss a target of 0.9
    yield Result(float(loss), right / len(labels), said.cpu())
