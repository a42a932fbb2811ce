"""Which classes a model takes for which, and where it is surest of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.data.split import Split
from core.evaluation import only_looking
from core.figures import Pair, Wrong
from core.threads import use_threads

MOST_CLASSES = 100  # of a matrix that can be shown
MOST_PAIRS = 32
MOST_WRONG = 16


def matrix(said: Tensor, truths: Tensor, classes: int) -> Tensor:
    """How often each class was said of each: (classes, classes) int64, a row a true class.

    `said` and `truths` are (n,) int64, on the processor.
    """
    return torch.bincount(truths * classes + said, minlength=classes**2).view(classes, classes)


def worst_pairs(said: Tensor, truths: Tensor, classes: int) -> tuple[Pair, ...]:
    """The commonest confusions, the worst first; of equally many, in the order of the classes."""
    wrong = said != truths
    codes, counts = torch.unique(truths[wrong] * classes + said[wrong], return_counts=True)
    order = torch.argsort(counts, descending=True, stable=True)[:MOST_PAIRS]
    pairs = zip(codes[order].tolist(), counts[order].tolist(), strict=True)
    return tuple(Pair(code // classes, code % classes, count) for code, count in pairs)


@dataclass(frozen=True, slots=True)
class _Judged:
    probabilities: Tensor  # (k,) of what is said
    said: Tensor  # (k,) int64


def most_confident(
    model: nn.Module, examples: Split, wrong: Tensor, chunk: int
) -> Iterator[tuple[Wrong, ...] | None]:
    """Of the examples `wrong` (k,), those the model is surest of, as long as they are wrong still.

    Yields None after every `chunk` of examples or fewer, so that others may go in between; the
    last thing it yields is the result, the surest first. Until then the weights must not change.
    """
    if not len(wrong):
        yield ()
        return
    judged: list[_Judged] = []
    for some in torch.split(wrong, chunk):
        use_threads(1)
        inputs, _ = examples.take(some)  # not in inference mode: the memory is used again
        with only_looking(model):
            top = torch.softmax(model(inputs).float(), 1).max(1)
        judged.append(_Judged(top.values, top.indices))
        yield None
    sure = torch.cat([each.probabilities for each in judged]).cpu()
    said = torch.cat([each.said for each in judged]).cpu()
    truths = examples.targets.cpu()[wrong]
    sure = torch.where(said == truths, -1.0, torch.nan_to_num(sure, nan=-1.0))
    order = torch.argsort(sure, descending=True, stable=True)[:MOST_WRONG]
    yield tuple(
        Wrong(int(wrong[k]), int(truths[k]), int(said[k]), float(sure[k]))
        for k in order.tolist()
        if sure[k] >= 0
    )
