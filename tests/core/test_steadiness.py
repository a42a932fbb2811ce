"""How straight a path is: cosine and detour agree with direct computation, and are never NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from core.measuring.steadiness import WINDOW, PathMeter
from core.measuring.weights import flat


def watched(updates: list[list[float]]) -> PathMeter:
    """A meter that has seen these updates of weights in one memory, as a run's are."""
    weights = torch.ones(len(updates[0]))
    meter = PathMeter(len(updates))
    meter.begin(weights)
    for update in updates:
        weights += torch.tensor(update)
        meter.watch(weights)
    return meter


def test_a_straight_path_has_cosine_1_and_no_detour() -> None:
    meter = watched([[0.5, -0.25], [1.0, -0.5], [2.0, -1.0]])
    assert meter.cosine == pytest.approx(1)
    assert meter.detour == pytest.approx(1)


def test_a_path_back_and_forth_has_cosine_minus_1_and_leads_a_single_update_far() -> None:
    meter = watched([[1.0, 0.0], [-1.0, 0.0]] * 3 + [[1.0, 0.0]])
    assert meter.cosine == -1
    assert meter.detour == 7


def test_a_staircase_turns_by_right_angles_and_goes_the_square_root_of_2_too_far() -> None:
    meter = watched([[0.5, 0.0], [0.0, 0.5]] * 4)
    assert meter.cosine == 0
    assert meter.detour == pytest.approx(math.sqrt(2))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(2, 2 * WINDOW), size=st.integers(1, 50))
def test_both_numbers_agree_with_direct_computation(seed: int, count: int, size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randn(count, size, generator=generator) + torch.randn(size, generator=generator)
    path = torch.cumsum(steps, 0)
    meter = PathMeter(count - 1)
    meter.begin(path[0])
    for weights in path[1:]:
        meter.watch(weights)
    points = path.double().numpy()
    updates = np.diff(points, axis=0)
    lengths = np.linalg.norm(updates, axis=1)
    if count > 2:
        products = (updates[1:] * updates[:-1]).sum(1)
        cosines = products / (lengths[1:] * lengths[:-1])
        assert meter.cosine == pytest.approx(cosines.mean(), abs=1e-5)
    distance = np.linalg.norm(points[-1] - points[0])
    assert meter.detour == pytest.approx(lengths.sum() / distance, rel=1e-4)


def test_a_window_is_so_many_updates_after_its_beginning() -> None:
    meter = PathMeter()
    meter.begin(torch.zeros(2))
    for update in range(WINDOW):
        assert not meter.done
        meter.watch(torch.full((2,), update + 1.0))
    assert meter.done
    assert meter.updates == WINDOW


def test_beginning_anew_forgets_what_was_watched() -> None:
    meter = watched([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    meter.begin(torch.zeros(2))
    assert (meter.updates, meter.done) == (0, False)
    meter.watch(torch.tensor([0.0, 3.0]))
    assert meter.cosine is None
    assert meter.detour == 1
    meter.watch(torch.tensor([0.0, 4.0]))
    assert meter.cosine == 1


def test_nothing_is_said_before_anything_was_watched() -> None:
    meter = PathMeter()
    assert (meter.cosine, meter.detour) == (None, None)
    meter.begin(torch.zeros(3))
    assert (meter.cosine, meter.detour) == (None, None)


def test_weights_that_do_not_move_have_no_direction() -> None:
    meter = watched([[0.0, 0.0]] * 4)
    assert meter.updates == 4
    assert (meter.cosine, meter.detour) == (None, None)


def test_an_update_of_no_length_takes_part_in_no_cosine() -> None:
    straight_on = [[1.0, 0.0], [1.0, 0.0]]
    turned_around_after_a_halt = [[0.0, 0.0], [-1.0, 0.0]]
    assert watched(straight_on + turned_around_after_a_halt).cosine == 1


def test_a_path_that_ends_where_it_began_has_no_detour() -> None:
    meter = watched([[1.0, 0.0], [-1.0, 0.0]])
    assert meter.cosine == -1
    assert meter.detour is None


@pytest.mark.parametrize("fatal", [math.nan, math.inf, 3e38])
def test_weights_that_are_not_finite_any_more_leave_no_numbers_behind(fatal: float) -> None:
    meter = watched([[1.0, 0.0], [1.0, 0.0], [fatal, 0.0], [1.0, 0.0]])
    assert meter.cosine == 1
    assert meter.detour is None


def weights_of(model: nn.Module) -> Tensor:
    return flat(model.parameters())


def test_flat_weights_are_a_copy_of_all_parameters_in_their_order() -> None:
    first = nn.Linear(2, 2)
    model = nn.Sequential(first, nn.Linear(2, 1))
    for number, parameter in enumerate(model.parameters()):
        nn.init.constant_(parameter, number)
    weights = weights_of(model)
    nn.init.constant_(first.bias, 9)
    assert weights.tolist() == [0] * 4 + [1] * 2 + [2] * 2 + [3]
    assert weights.dtype == torch.float32
    assert not weights.requires_grad


def test_flat_weights_of_a_single_parameter_are_a_copy_too() -> None:
    model = nn.Linear(3, 1, bias=False)
    before = weights_of(model)
    nn.init.constant_(model.weight, 9)
    assert not torch.equal(before, weights_of(model))
