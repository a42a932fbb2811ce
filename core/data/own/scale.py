"""Columns of numbers on one scale: their mean becomes 0, their standard deviation 1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Scale:
    """The mean and standard deviation of each of some columns, float64 (columns,).

    `constant` are the numbers of those that hold one value alone: they become 0.
    """

    mean: Tensor
    deviation: Tensor
    constant: tuple[int, ...]

    def of(self, columns: Tensor) -> Tensor:
        """The columns (n, columns) on this scale, float32."""
        return ((columns - self.mean) / self.deviation).float()


def scale_of(columns: Tensor) -> Scale:
    """The scale on which these columns, float64 (n, columns), have mean 0 and deviation 1."""
    constant = (columns == columns[0]).all(0)
    # Rounding may give a constant column a tiny deviation, which would make noise of it.
    deviation = torch.where(constant, 1.0, columns.std(0, correction=0))
    mean = torch.where(constant, columns[0], columns.mean(0))
    return Scale(mean, deviation, tuple(constant.nonzero()[:, 0].tolist()))
