"""The gradient noise scale agrees with the exact one, and measuring it changes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from core.data.split import Resident
from core.losses import Loss
from core.measuring.noise_scale import GradientNoise, NoiseMeter, measure

INPUTS, CLASSES = 3, 4


def problem(n: int) -> tuple[nn.Module, Tensor, Tensor]:
    """Softmax regression, of which every example's gradient is known, and `n` examples."""
    generator = torch.Generator().manual_seed(n)
    model = nn.Linear(INPUTS, CLASSES)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    images = torch.randn(n, INPUTS, generator=generator)
    labels = torch.randint(CLASSES, (n,), generator=generator)
    return model, images, labels


def exact(model: nn.Module, images: Tensor, labels: Tensor) -> GradientNoise:
    """|G|² and tr(Σ) from every example's gradient: (softmax - label) times (pixels, 1)."""
    errors = torch.softmax(model(images), 1).detach().double()
    errors[torch.arange(len(labels)), labels] -= 1
    inputs = torch.cat([images.double(), torch.ones(len(labels), 1)], 1)
    gradients = (errors[:, :, None] * inputs[:, None, :]).flatten(1).numpy()
    mean = gradients.mean(0)
    return GradientNoise(float(mean @ mean), float(gradients.var(0, ddof=1).sum()))


def measuring(
    model: nn.Module, images: Tensor, labels: Tensor, generator: torch.Generator, chunk: int
) -> Iterator[GradientNoise | None]:
    return measure(model, Loss("cross-entropy"), Resident(images, labels), generator, chunk)


def last(pieces: Iterator[GradientNoise | None]) -> GradientNoise:
    *_, result = pieces
    assert result is not None
    return result


def measured(
    model: nn.Module, images: Tensor, labels: Tensor, seed: int, chunk: int = 4096
) -> GradientNoise:
    return last(measuring(model, images, labels, torch.Generator().manual_seed(seed), chunk))


@pytest.mark.parametrize("n", [2, 5, 64])
def test_every_example_in_a_group_of_its_own_gives_the_exact_numbers(n: int) -> None:
    noise, truth = measured(*problem(n), seed=0), exact(*problem(n))
    assert noise.gradient_squared == pytest.approx(truth.gradient_squared, rel=1e-4)
    assert noise.trace == pytest.approx(truth.trace, rel=1e-4)


def test_groups_that_take_up_the_whole_training_set_give_its_exact_gradient() -> None:
    noise, truth = measured(*problem(192), seed=0), exact(*problem(192))
    assert noise.gradient_squared == pytest.approx(truth.gradient_squared, rel=1e-4)


@pytest.mark.parametrize(("n", "draws"), [(97, 60), (192, 50), (5000, 20)])
def test_over_many_draws_the_estimates_converge_to_the_exact_numbers(n: int, draws: int) -> None:
    model, images, labels = problem(n)
    truth = exact(model, images, labels)
    generator = torch.Generator().manual_seed(1)
    noises = [last(measuring(model, images, labels, generator, 4096)) for _ in range(draws)]
    for name in ("gradient_squared", "trace"):
        values = np.array([getattr(noise, name) for noise in noises])
        error = values.std(ddof=1) / math.sqrt(draws)
        assert abs(values.mean() - getattr(truth, name)) < 3 * error + 1e-5 * truth.trace


def test_without_noise_the_scale_is_nothing() -> None:
    model, images, labels = problem(300)
    noise = measured(model, images[:1].expand(300, -1), labels[:1].expand(300), seed=0)
    truth = exact(model, images[:1].expand(300, -1), labels[:1].expand(300))
    assert noise.gradient_squared == pytest.approx(truth.gradient_squared, rel=1e-4)
    assert 0 <= noise.trace < 1e-4 * noise.gradient_squared


@pytest.mark.parametrize(("chunk", "pieces"), [(31, 64), (30, 128), (7, 320)])
def test_pieces_do_not_change_what_is_measured(chunk: int, pieces: int) -> None:
    model, images, labels = problem(2000)  # 64 groups of 31
    generator = torch.Generator().manual_seed(0)
    *waits, noise = measuring(model, images, labels, generator, chunk)
    assert waits == [None] * pieces
    assert noise is not None
    whole = measured(model, images, labels, seed=0)
    assert noise.gradient_squared == pytest.approx(whole.gradient_squared, rel=1e-4)
    assert noise.trace == pytest.approx(whole.trace, rel=1e-4)


def test_the_generator_alone_decides_which_examples_are_taken() -> None:
    model, images, labels = problem(97)
    one, same, other = (measured(model, images, labels, seed) for seed in (1, 1, 2))
    assert one == same != other


class Sensitive(nn.Module):
    """Draws random numbers, keeps running statistics, has a parameter that does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(INPUTS, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, CLASSES)
        )
        self.idle = nn.Parameter(torch.ones(5))
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        assert not self.training
        logits: Tensor = self.layers(x) * self.frozen
        return logits


def test_measuring_leaves_no_trace() -> None:
    _, images, labels = problem(97)
    model = Sensitive()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    gradients = []
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 3)
        gradients.append(parameter.grad)
    random = torch.get_rng_state()
    for _ in measuring(model, images, labels, torch.Generator().manual_seed(0), 4096):
        assert all(module.training for module in model.modules())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        assert parameter.grad is gradient
        assert (gradient == 3).all()


def test_the_first_measurement_is_the_meters_word() -> None:
    meter = NoiseMeter()
    assert meter.examples is None
    meter.add(GradientNoise(0.5, 60.0))
    assert meter.examples == pytest.approx(120)


positive = st.floats(1e-6, 1e6)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=20))
def test_the_meter_divides_averages_in_which_older_measurements_fade(
    noises: list[tuple[float, float]],
) -> None:
    meter = NoiseMeter()
    for noise in noises:
        meter.add(GradientNoise(*noise))
    fading = 0.8 ** np.arange(len(noises))[::-1]
    squared, trace = fading @ np.array(noises)
    assert meter.examples == pytest.approx(trace / squared)


def test_a_gradient_lost_in_its_noise_has_no_scale_until_it_shows_again() -> None:
    meter = NoiseMeter()
    meter.add(GradientNoise(-1.0, 50.0))
    assert meter.examples is None
    meter.add(GradientNoise(1.0, 50.0))
    assert meter.examples == pytest.approx(50 * 1.8 / 0.2)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_measurement_that_is_not_finite_says_nothing(bad: float) -> None:
    meter = NoiseMeter()
    meter.add(GradientNoise(1.0, 50.0))
    meter.add(GradientNoise(bad, bad))
    meter.add(GradientNoise(1.0, bad))
    assert meter.examples == pytest.approx(50)
