"""The filters of a first layer as pictures, as their weights say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.data.catalog import DATA_SETS
from core.measuring.filters import MOST, filters_of, in_grey

GREY = replace(DATA_SETS["mnist"], shape=(1, 6, 5))
COLOUR = replace(DATA_SETS["cifar10"], shape=(3, 8, 8))


@given(st.lists(st.floats(-10, 10, width=32), min_size=2, max_size=20))
def test_nothing_is_grey_and_plus_and_minus_are_as_far_from_it(weights: list[float]) -> None:
    values = torch.tensor([weights, [-each for each in weights]])
    shades = in_grey(values).to(torch.int64)
    assert (shades[0] + shades[1] == 256).all()
    largest = values[0].abs().max()
    if largest > 1e-30:
        assert int((shades[0] - 128).abs().max()) == 127
        expected = (128 + 127 * values[0].double() / largest.double()).numpy()
        assert np.abs(shades[0].numpy() - expected).max() <= 0.51
    else:
        assert largest > 0 or (shades == 128).all()


def test_a_convolutions_filters_are_as_large_as_its_kernel_the_longest_first() -> None:
    layer = nn.Conv2d(1, 8, (3, 4))
    found = filters_of(nn.Sequential(layer, nn.Flatten(), nn.Linear(8, 2)), GREY)
    assert found is not None
    assert found.images.shape == (8, 3, 4)
    norms = layer.weight.detach().flatten(1).norm(dim=1)
    assert list(found.units) == torch.argsort(norms, descending=True).tolist()
    assert list(found.strengths) == sorted(norms.tolist(), reverse=True)
    assert np.array_equal(
        found.images, in_grey(layer.weight.detach()[list(found.units)])[:, 0].numpy()
    )


def test_filters_of_coloured_pictures_have_colours_last() -> None:
    layer = nn.Conv2d(3, 2, 5)
    found = filters_of(layer, COLOUR)
    assert found is not None
    assert found.images.shape == (2, 5, 5, 3)
    shades = in_grey(layer.weight.detach())[found.units[0]]
    assert np.array_equal(found.images[0], shades.permute(1, 2, 0).numpy())


def test_a_linear_layer_over_pictures_has_filters_of_their_shape() -> None:
    layer = nn.Linear(30, 100)
    found = filters_of(nn.Sequential(nn.Flatten(), layer, nn.ReLU(), nn.Linear(100, 2)), GREY)
    assert found is not None
    assert found.images.shape == (MOST, 6, 5)
    assert (found.name, found.of) == ("1", 100)
    weights = layer.weight.detach()[found.units[0]].view(6, 5)
    assert np.array_equal(found.images[0], in_grey(weights[None])[0].numpy())


def test_where_no_layer_takes_pictures_there_are_none() -> None:
    assert filters_of(nn.Linear(7, 2), GREY) is None
    assert filters_of(nn.Conv2d(5, 2, 3), COLOUR) is None
    assert filters_of(nn.Linear(30, 2), replace(GREY, levels=None)) is None
