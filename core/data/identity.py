"""What tells one data set from another that has the same name."""

from __future__ import annotations

import zlib
from dataclasses import replace

import torch

from core.data.split import Halves, Resident, Unread

_LOOKED_AT = 32  # inputs of each half: to look at all would take as long as reading them


def identified(found: Halves) -> Halves:
    """The same halves; their description has a checksum of all targets and of some inputs."""
    sum = _checked(found.test, _checked(found.train, 0))
    return replace(found, spec=replace(found.spec, identity=f"{sum:08x}"))


def _checked(half: Resident | Unread, before: int) -> int:
    sum = zlib.crc32(half.targets.contiguous().numpy().tobytes(), before)
    for row in torch.linspace(0, len(half) - 1, min(_LOOKED_AT, len(half))).long().tolist():
        example = half.inputs[row] if isinstance(half, Resident) else half.examples[row][0]
        sum = zlib.crc32(example.contiguous().numpy().tobytes(), sum)
    return sum
