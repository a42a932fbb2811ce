"""Training and test half made from one set of examples: stratified, with a seed of their own."""

from __future__ import annotations

import torch
from torch import Tensor


def made_split(targets: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """The numbers of the training and of the test examples, int64, each in a shuffled order.

    `targets` are classes, int64 (n,): every class of two examples or more is then in both
    halves, with as near to `share` of them in the test half as whole numbers allow. Of numbers
    to be told, float64 (n, t), that share is drawn at random. Both halves have at least one
    example where there are two. The same arguments always give the same halves.
    """
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(targets), generator=draw)
    for_test = torch.zeros(len(order), dtype=torch.bool)
    wanted = torch.zeros(0) if targets.is_floating_point() else _of_each_class(targets, share)
    if wanted.any():
        classes = targets[order]
        by_class = classes.argsort(stable=True)
        for_test[by_class] = _place_in_class(classes[by_class]) < wanted[classes[by_class]]
    else:
        for_test[: min(max(round(share * len(order)), 1), len(order) - 1)] = True
    # The first of each class became the test: what is left of the order begins with the large ones.
    train, test = (
        half[torch.randperm(len(half), generator=draw)]
        for half in (order[~for_test], order[for_test])
    )
    return train, test


def shuffled(count: int, seed: int) -> Tensor:
    """The numbers from 0 up to `count` in an order that the seed alone decides."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _of_each_class(targets: Tensor, share: float) -> Tensor:
    """How many examples of each class are for the test: rounded so that their sum is right too."""
    counts = torch.bincount(targets)
    ideal = counts.double() * share
    wanted = ideal.floor().long()
    left = round(share * len(targets)) - int(wanted.sum())
    wanted[(ideal - wanted).argsort(descending=True, stable=True)[:left]] += 1
    return wanted.clamp((counts >= 2).long(), (counts - 1).clamp(0))


def _place_in_class(classes: Tensor) -> Tensor:
    """How many before each of these sorted classes (n,) are of the same one."""
    counts = torch.bincount(classes)
    return torch.arange(len(classes)) - (counts.cumsum(0) - counts)[classes]
