"""How the network does on the test set: its loss, its score, and what it says of each example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.data.split import Split
from core.losses import Loss
from core.precision import products
from core.threads import use_threads


@dataclass(frozen=True, slots=True)
class Result:
    """How the whole test set was judged.

    `loss` is the mean. Of classes: `accuracy`, the share judged right, and the `predictions`
    (n,) int64. Of numbers: `r2`, and the predictions (n, t) float32.
    """

    loss: float
    accuracy: float | None
    r2: float | None
    predictions: Tensor


@contextmanager
def only_looking(model: nn.Module) -> Iterator[None]:
    """Run a model without training it: no gradients, no dropout, no running statistics.

    It computes in float32, whatever the precision of training. Afterwards each layer is as
    training had it: some of a user's own may be frozen.
    """
    were_training = [(layer, layer.training) for layer in model.modules()]
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    model.eval()
    try:
        with torch.inference_mode(), products("float32", device):
            yield
    finally:
        model.train(were_training[0][1])
        for layer, was_training in were_training:
            layer.training = was_training


def evaluate(model: nn.Module, loss: Loss, examples: Split, chunk: int) -> Iterator[Result | None]:
    """Judge the examples in chunks; yields None after each, so that others may go in between.

    The last thing it yields is the result. Between two chunks the model is as training wants
    it, and its weights must not change.
    """
    losses, predictions, n = [], [], len(examples)
    examples.expect(torch.arange(n))
    of_classes = not examples.targets.is_floating_point()
    for begin in range(0, n, chunk):
        inputs, targets = examples.span(begin, min(begin + chunk, n))
        with only_looking(model):
            outputs = model(inputs).float()
            use_threads(1)  # several would each add up a part: as many, as many roundings
            losses.append(loss.part(outputs, targets, n))
            predictions.append(outputs.argmax(1) if of_classes else outputs)
        yield None
    said, true = torch.cat(predictions).cpu(), examples.targets.cpu()
    mean = float(torch.stack(losses).sum())
    if of_classes:
        right = int((said == true).sum())  # counted: a float32 0.9 would miss 0.9
        yield Result(mean, right / n, None, said)
    else:
        yield Result(mean, None, r_squared(said, true), said)


def r_squared(predicted: Tensor, true: Tensor) -> float:
    """The coefficient of determination, 1 - Σ(true - predicted)² / Σ(true - mean)², at most 1.

    Both are (n, t), on the processor, since not every device knows float64. It is the mean over
    the t numbers; one that is the same everywhere counts as 1 if it is hit, else as 0.
    """
    predicted, true = predicted.double(), true.double()
    missed = (true - predicted).square().sum(0)
    spread = (true - true.mean(0)).square().sum(0)
    shares = torch.where(spread > 0, 1 - missed / spread, (missed == 0).double())
    return float(shares.mean())
