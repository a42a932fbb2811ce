"""How a network is judged on the test set."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.data.split import Resident
from core.evaluation import Result, evaluate, r_squared
from core.losses import LOSSES, Loss
from core.tasks import Task


def judged(model: nn.Module, loss: Loss, examples: Resident, chunk: int) -> Result:
    *pieces, result = evaluate(model, loss, examples, chunk)
    assert not any(pieces)
    assert result
    return result


def numbers(n: int, outputs: int) -> tuple[nn.Module, Resident]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(n, 3, generator=generator)
    targets = torch.rand(n, outputs, generator=generator) + inputs[:, :1]
    return nn.Linear(3, outputs), Resident(inputs, targets)


@pytest.mark.parametrize("chunk", [7, 40, 1000])
@pytest.mark.parametrize("name", [n for n, (_, task) in LOSSES.items() if task is Task.REGRESSION])
def test_of_numbers_it_is_the_mean_loss_and_r_squared(name: str, chunk: int) -> None:
    model, examples = numbers(101, 2)
    result = judged(model, Loss(name), examples, chunk)
    said = model(examples.inputs).detach()
    plain = getattr(F, LOSSES[name][0])(said, examples.targets)
    assert result.loss == pytest.approx(float(plain), rel=1e-5)
    assert result.accuracy is None
    missed = ((examples.targets - said) ** 2).sum(0)
    spread = ((examples.targets - examples.targets.mean(0)) ** 2).sum(0)
    assert result.r2 == pytest.approx(float((1 - missed / spread).mean()), rel=1e-4)
    torch.testing.assert_close(result.predictions, said)


def test_r_squared_of_what_never_changes_is_all_or_nothing() -> None:
    same = torch.full((5, 1), 3.0)
    assert r_squared(same, same) == 1.0
    assert r_squared(same + 1, same) == 0.0
    assert r_squared(torch.zeros(4, 1), torch.tensor([[1.0], [2.0], [3.0], [4.0]])) < 0
