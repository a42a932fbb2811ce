"""What is known of a data set without its examples."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from core.tasks import Task


@dataclass(frozen=True, slots=True)
class DataSpec:
    """A data set: its names, how many examples it has, and what they look like.

    `train` and `test` count examples. `shape` is that of one example's input: channels, height
    and width in pixels of a picture, the number of columns of a table. `classes` are the names
    of the classes; where numbers are to be told instead, there are none, and `targets` are the
    names of these numbers; where these were standardised, `scales` are the mean and the
    deviation of each, in its own unit. `levels` are what black and white are in inputs that are
    pictures.
    `identity` tells the user's own data from others of its name: see `core.data.identity`.

    `torchvision_name` is the class of a set of torchvision's, `options` what that class is told
    besides root, train and download.
    """

    name: str
    title: str
    train: int
    test: int
    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    scales: tuple[tuple[float, float], ...] = ()
    levels: tuple[float, float] | None = None
    identity: str = ""
    torchvision_name: str = field(default="", compare=False)
    options: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    @property
    def task(self) -> Task:
        return Task.CLASSIFICATION if self.classes else Task.REGRESSION

    @property
    def outputs(self) -> int:
        """How many numbers a network says of each example."""
        return len(self.classes or self.targets)

    @property
    def features(self) -> int:
        """How many numbers an example's input has."""
        return math.prod(self.shape)
