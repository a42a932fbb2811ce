"""Some test examples on show, and what the network says of them. Looking changes no training."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.data.dataset import Dataset
from core.evaluation import only_looking
from core.snapshot import Digits, Numbers
from core.threads import use_threads

_WORST = 0.1  # of the test set: the largest misses, where numbers are told


def misses(said: Tensor, true: Tensor) -> Tensor:
    """How far (n, t) predicted numbers are off, (n,): the mean over the t of each, of which the
    unit is how much the true ones spread; what is no number is off by most.
    """
    spread = true.std(0, correction=0)
    off = ((said - true).abs() / torch.where(spread > 0, spread, 1.0)).mean(1)
    return off.nan_to_num(nan=torch.inf)


class Showcase:
    """Chooses test examples by a random generator of its own, and asks the model of them."""

    def __init__(self, data: Dataset, seed: int) -> None:
        self._data = data
        self._generator = torch.Generator().manual_seed(seed)
        self._order = self._among_all()
        self.chosen = 0  # how often examples were chosen
        self._only_wrong = False
        self._show(0)

    def choose(self, count: int, only_wrong: bool, fresh: bool, said: Tensor | None) -> None:
        """Show `count` examples: others if `fresh`, of those wrong in `said` if `only_wrong`.

        `said` is what was predicted at the latest evaluation, classes (n,) or numbers (n, t); None
        before the first. Where numbers are told, none is simply wrong: then `only_wrong` are the
        tenth that is missed by most, worst first.
        """
        self.chosen += 1
        if fresh or only_wrong != self._only_wrong:
            self._order = self._among_wrong(said) if only_wrong else self._among_all()
            self._only_wrong = only_wrong
        self._show(max(0, count))

    def _among_all(self) -> Tensor:
        return self._shuffled(torch.arange(len(self._data.test)))

    def _among_wrong(self, said: Tensor | None) -> Tensor:
        """Places in the test set, (k,) int64."""
        if said is None:
            return torch.arange(0)
        true = self._data.test.targets.cpu()
        if self._data.spec.classes:
            return self._shuffled(torch.nonzero(said != true)[:, 0])
        worst = torch.argsort(misses(said, true), descending=True, stable=True)
        return worst[: math.ceil(_WORST * len(worst))]

    def _show(self, count: int) -> None:
        self._indices = self._order[:count]
        inputs, targets = self._data.test.take(self._indices)
        self._inputs, self._targets = inputs.clone(), targets.clone()
        self._pixels = self._data.pictures(self._indices)

    def state(self) -> Tensor:
        """That of the generator: it decides what other examples there will be."""
        return self._generator.get_state()

    def load_state(self, state: Tensor) -> None:
        self._generator.set_state(state)

    def copy(self) -> Showcase:
        """Another that shows the same, and will draw the same others."""
        copied = copy.copy(self)
        copied._generator = torch.Generator()
        copied._generator.set_state(self._generator.get_state())
        return copied

    def ask(self, model: nn.Module) -> Digits | Numbers:
        """What the model says of the examples on show."""
        use_threads(1)
        spec = self._data.spec
        with only_looking(model):
            said = model(self._inputs) if len(self._inputs) else torch.empty(0, spec.outputs)
        said = said.float()
        indices = tuple(self._indices.tolist())
        if not spec.classes:
            true, told = (_in_own_units(values, spec.scales) for values in (self._targets, said))
            return Numbers(indices, true, told, spec.targets)
        return Digits(
            indices,
            tuple(self._targets.tolist()),
            self._pixels,
            torch.softmax(said, 1).cpu().numpy(),
            spec.classes,
            None if self._pixels is not None else self._inputs.cpu().numpy(),
        )

    def _shuffled(self, pool: Tensor) -> Tensor:
        return pool[torch.randperm(len(pool), generator=self._generator)]


def _in_own_units(values: Tensor, scales: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    """Numbers (k, t) as they were before they were standardised, if they were."""
    values = values.cpu().double()  # not every device knows float64
    if scales:
        mean, deviation = torch.tensor(scales, dtype=torch.float64).T
        values = values * deviation + mean
    return values.float().numpy()
