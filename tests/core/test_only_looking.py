"""Looking at a network leaves it as training had it, whatever its layers are."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from core.commands import Advance, Change, LookBack, ShowDigits
from core.evaluation import only_looking
from core.losses import Loss
from core.models import build
from core.models.build import Network
from core.run import Run
from core.snapshot import Digits
from tests.core.conftest import same_bits, weights_of, work_off


class Remembers(nn.Module):
    """Keeps what it said last in training, as users' models do; so it cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(36, 10))
        self.said: Tensor | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        said: Tensor = self.layers(inputs)
        if self.training:
            self.said = said
        return said


def test_layers_that_are_frozen_stay_so_when_the_network_was_looked_at() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout())
    model[1].eval()
    with only_looking(model):
        assert not any(layer.training for layer in model.modules())
    assert [layer.training for layer in model.modules()] == [True, True, False, True]


def test_a_moment_is_looked_at_without_a_copy_of_the_network(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.view import Viewer

    monkeypatch.setattr(build, "build", lambda *_given: Network(Remembers(), Loss("cross-entropy")))
    torch.manual_seed(1)
    subject = run(batch_size=8)
    viewer = Viewer(subject, lambda: 0.0)
    subject.obey(ShowDigits(5))
    subject.obey(Advance(5))
    work_off(subject)
    then = viewer.view(final=True).digits
    subject.obey(Change("lr", 0.1))  # which keeps the moment before it
    subject.obey(Advance(20))
    work_off(subject)
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(subject.trainer.model)
    before = weights_of(subject.trainer)
    moments = subject.past.view(subject.trainer).moments
    subject.obey(LookBack(next(each.id for each in moments if each.at.updates == 5)))
    looked_at = viewer.view(final=True).then
    assert isinstance(then, Digits)
    assert looked_at is not None
    assert isinstance(looked_at.digits, Digits)
    assert (looked_at.digits.probabilities == then.probabilities).all()
    assert same_bits(weights_of(subject.trainer), before)
