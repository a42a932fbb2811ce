"""Some test examples on show, and what the network says of them. Looking changes no training."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from core.data.dataset import Dataset
from core.evaluation import only_looking
from core.snapshot import Digits
from core.threads import use_threads


class Showcase:
    """Chooses test examples by a random generator of its own, and asks the model of them."""

    def __init__(self, data: Dataset, seed: int) -> None:
        self._data = data
        self._generator = torch.Generator().manual_seed(seed)
        self._order = self._shuffled(torch.arange(len(data.test_labels)))
        self.chosen = 0  # how often examples were chosen
        self._only_wrong = False
        self._indices = self._order[:0]
        self._images: Tensor = data.test_images[:0]
        self._pixels = data.test_pixels[:0]

    def choose(self, count: int, only_wrong: bool, fresh: bool, said: Tensor | None) -> None:
        """Show `count` examples: others if `fresh`, of those wrong in `said` if `only_wrong`.

        `said` (n,) are the classes predicted at the latest evaluation, None before the first.
        """
        self.chosen += 1
        if fresh or only_wrong != self._only_wrong:
            pool = torch.arange(len(self._data.test_labels))
            if only_wrong:
                wrong = said != self._data.test_labels.cpu() if said is not None else pool < 0
                pool = pool[wrong]
            self._order = self._shuffled(pool)
            self._only_wrong = only_wrong
        self._indices = self._order[: max(0, count)]
        self._images = self._data.test_images[self._indices.to(self._data.test_images.device)]
        self._pixels = np.ascontiguousarray(self._data.test_pixels[self._indices.numpy()])

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

    def ask(self, model: nn.Module) -> Digits:
        """What the model says of the examples on show."""
        use_threads(1)
        with only_looking(model):
            logits = model(self._images) if len(self._images) else torch.empty(0, self._classes)
            probabilities = torch.softmax(logits.float(), 1).cpu().numpy()
        labels = self._data.test_labels[self._indices.to(self._data.test_labels.device)]
        return Digits(
            tuple(self._indices.tolist()),
            tuple(labels.tolist()),
            self._pixels,
            probabilities,
            self._data.spec.classes,
        )

    @property
    def _classes(self) -> int:
        return len(self._data.spec.classes)

    def _shuffled(self, pool: Tensor) -> Tensor:
        return pool[torch.randperm(len(pool), generator=self._generator)]
