"""What the instruments tell of a network: its layers, weights, confusions; and remarks on them.

Everything here is frozen, and no array in it is written after it was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.snapshot import Moment


class Instrument(StrEnum):
    """What is measured only while somebody looks at it."""

    LAYERS = "layers"
    WEIGHTS = "weights"
    CONFUSION = "confusion"


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """One layer: a module that owns weights of two or more dimensions, its bias with them.

    `gradient` is the length of the mean loss's gradient by this layer's weights, `weight` that of
    the weights, `update` the length of an update over that of the weights, its mean over the
    latest that were watched. `dead` is the share of units behind the ReLU after this layer that
    said nothing on any example of the sample. None: not known, or there is no such thing.
    """

    name: str
    weights: int  # how many there are
    gradient: float
    weight: float
    update: float | None = None
    dead: float | None = None


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers, in the order in which the model names them, as they were at `at`.

    `loss` is the mean over the sample, `examples` its size. The updates were watched up to
    `watched`, if any were. `seconds` is what measuring cost, off the training clock.
    """

    at: Moment
    rows: tuple[LayerFigures, ...]
    loss: float
    examples: int
    seconds: float = 0.0
    watched: Moment | None = None


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Histogram:
    """How a layer's weights are spread: `counts` (bins,) float64, from -bound to bound."""

    name: str
    bound: float
    deviation: float  # standard deviation
    counts: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Filters:
    """The filters of the first layer of a model of pictures, the strongest first.

    `images` is (k, height, width) or (k, height, width, 3), uint8: grey is a weight of 0, and
    each filter's largest weight is black or white. `units` are their numbers in the layer, which
    has `of`; `strengths` the lengths of their weights.
    """

    name: str  # of the layer
    images: NDArray[np.uint8]
    units: tuple[int, ...]
    of: int
    strengths: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Weights:
    """The weights of every layer, a histogram each, as they were at `at`; and the filters, if any.

    `seconds` is what measuring cost, off the training clock.
    """

    at: Moment
    histograms: tuple[Histogram, ...]
    filters: Filters | None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """How many examples of the class `truth` were taken for the class `said`; by number."""

    truth: int
    said: int
    count: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """A test example that is judged wrong: its place in the test set, and how sure the model is."""

    index: int
    truth: int
    said: int
    probability: float


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Confusion:
    """Which classes were taken for which at the latest evaluation, which was at `judged_at`.

    `counts` is (classes, classes), int64: a row for each true class, a column for each that was
    said; None where there are too many to be shown. `pairs` are the commonest confusions. `wrong`
    are examples judged wrong then and at `at`, those the model is surest of first, with `images`
    (k, ...) uint8 where they are pictures. `seconds` is what it cost, off the
    training clock.
    """

    at: Moment
    judged_at: Moment
    classes: tuple[str, ...]
    counts: NDArray[np.int64] | None
    pairs: tuple[Pair, ...]
    judged: int  # test examples
    right: int
    wrong: tuple[Wrong, ...]
    images: NDArray[np.uint8] | None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Remark:
    """A number that has left its healthy range, in words; `rule` names the rule that says so."""

    rule: str
    text: str
