"""What each instrument does, piece by piece: others may go in wherever one yields None."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from core.figures import Confusion, Layers, Weights
from core.measuring.confusion import MOST_CLASSES, matrix, most_confident, worst_pairs
from core.measuring.filters import filters_of
from core.measuring.histograms import histograms
from core.measuring.layers import Layer, survey
from core.trainer import Trainer


def layers(trainer: Trainer, parts: Sequence[Layer], sample: Tensor) -> Iterator[Layers | None]:
    """Gradients and dead units by the training examples `sample` (n,)."""
    for found in survey(
        trainer.model, parts, trainer.loss, trainer.data.train, sample, trainer.micro_batch
    ):
        yield Layers(trainer.at, found.rows, found.loss, len(sample)) if found else None


def weights(trainer: Trainer, parts: Sequence[Layer]) -> Iterator[Weights | None]:
    """Histograms of all weights, and the filters."""
    for found in histograms(parts):
        if found is None:
            yield None
        else:
            filters = filters_of(trainer.model, trainer.data.spec)
            yield Weights(trainer.at, found, filters)


def confusion(trainer: Trainer) -> Iterator[Confusion | None]:
    """What was said at the latest evaluation, and how sure the model is of it now."""
    record, test, names = trainer.record, trainer.data.test, trainer.data.spec.classes
    said, evaluation = record.predictions, record.evaluation
    assert said is not None
    assert evaluation is not None
    truths = test.targets.cpu()
    wrong = torch.nonzero(said != truths).flatten()
    counts = matrix(said, truths, len(names)) if len(names) <= MOST_CLASSES else None
    for found in most_confident(trainer.model, test, wrong, trainer.micro_batch):
        if found is None:
            yield None
        else:
            places = torch.tensor([each.index for each in found], dtype=torch.int64)
            yield Confusion(
                trainer.at,
                evaluation.at,
                names,
                None if counts is None else counts.numpy(),
                worst_pairs(said, truths, len(names)),
                len(truths),
                len(truths) - len(wrong),
                found,
                trainer.data.pictures(places) if len(found) else None,
            )
