"""The autograd stepper asks for as little as it can: memory, and looks at its loss."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.trainer import Trainer

from .conftest import train_until


@pytest.mark.parametrize("given", [{}, {"batch_size": 7}])
def test_examples_are_copied_to_the_same_place_for_every_update(
    trainer: Callable[..., Trainer], given: dict[str, object]
) -> None:
    subject = trainer(**given)
    places: list[int] = []

    def note(_model: object, inputs: tuple[torch.Tensor, ...]) -> None:
        places.append(inputs[0].data_ptr())

    subject.model.register_forward_pre_hook(note)
    train_until(subject, 10)  # of 13 or more to the epoch
    assert len(places) == 10
    assert len(set(places)) == 1


def test_optimizers_take_their_fused_form_where_torch_has_one(
    trainer: Callable[..., Trainer],
) -> None:
    for name in ("sgd", "adam", "adamw", "adagrad"):
        (part,) = trainer(optimizer=name).optimizer.parts
        assert part.defaults["fused"] is True
    (part,) = trainer(optimizer="nadam").optimizer.parts
    assert not part.defaults.get("fused")
