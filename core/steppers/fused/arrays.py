"""What the kernels are given: plain arrays, in named tuples that numba understands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Network(NamedTuple):
    """A chain of linear layers.

    `weights` is the flat array of all parameters; `places` (layers, 2) says where in it each
    layer's matrix (outputs, inputs) and its bias begin. `widths` (layers + 1,) are inputs,
    hidden widths, classes; `kinds` (layers,) what follows each linear layer.
    """

    weights: Floats
    widths: Ints
    kinds: Ints
    places: Ints


class Memories(NamedTuple):
    """What the optimizer remembers, each laid out as the weights; empty where it is not used."""

    first: Floats
    second: Floats
    third: Floats


class Examples(NamedTuple):
    """`images` (examples, inputs) and `labels` (examples,)."""

    images: Floats
    labels: Ints


class Room(NamedTuple):
    """Where a piece of up to p examples is worked on.

    `images` (p, inputs) and `labels` (p,) hold a copy of the examples; `activations` and
    `deltas` (p * all widths after the first) those of all layers, one behind the other.
    """

    images: Floats
    labels: Ints
    activations: Floats
    deltas: Floats
