"""Arrays made into inputs: pictures normalised, columns standardised, the rest left as it is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.data.dataset import normalised
from core.data.own.refusal import counted, refused, some_of
from core.data.own.scale import scale_of

LARGEST = 10.0  # beyond it, either way, inputs are no longer a good start for a gradient
_CHANNELS = (1, 3)


@dataclass(frozen=True, eq=False)
class Inputs:
    """The inputs of both halves, float32 (n, ...); what black and white are, if pictures."""

    train: Tensor
    test: Tensor
    levels: tuple[float, float] | None = None
    remarks: tuple[str, ...] = ()


def check_inputs(inputs: Tensor, data: str) -> None:
    """Raise UserError for inputs, (n, ...), of which there are none, or that are not finite."""
    if inputs.ndim == 0 or inputs.numel() == 0:
        raise refused(data, f"inputs of shape {tuple(inputs.shape)}: there is nothing in them")
    if inputs.is_complex():
        raise refused(data, "its inputs are complex numbers, of which networks here know nothing")
    if not inputs.is_floating_point():
        return
    bad = (~inputs.isfinite()).reshape(len(inputs), -1).any(1).nonzero()[:, 0]
    if len(bad):
        raise refused(
            data,
            f"NaN or infinity in the inputs of {counted(len(bad), 'example')}, first in example "
            f"{int(bad[0]):,}, counted from 0",
        )


def inputs_of(train: Tensor, test: Tensor) -> Inputs:
    """The inputs in arrays (n, ...) of any type, as a file holds them.

    Whole numbers from 0 to 255 in the shape of pictures become what the chapter makes of
    pixels. A matrix is standardised column by column, by its training half. Other numbers stay,
    unless they are large: then the least is to be -1, the greatest 1.
    """
    if train.ndim <= 2:
        return _standardised(train.reshape(len(train), -1), test.reshape(len(test), -1))
    if not _are_pictures(train):
        return _kept_small(train, test, are_pictures=False)
    train, test = _channels_first(train), _channels_first(test)
    if _are_pixels(train) and _are_pixels(test):
        return Inputs(_normalised(train), _normalised(test), (-1.0, 1.0))
    return _kept_small(train, test, are_pictures=True)


def inputs_as_given(train: Tensor, test: Tensor) -> Inputs:
    """The inputs in tensors that the user's own code has prepared: pixels alone are normalised."""
    if not _are_pictures(train):
        return Inputs(train.float(), test.float())
    if train.dtype == torch.uint8:
        return inputs_of(train, test)
    train, test = _channels_first(train).float(), _channels_first(test).float()
    return Inputs(train, test, levels_of(train))


def levels_of(pictures: Tensor) -> tuple[float, float]:
    """What is drawn as black and as white: their least and their greatest value."""
    low, high = float(pictures.min()), float(pictures.max())
    return (low, high) if high > low else (low, low + 1.0)


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether inputs of this shape, channels first, can be drawn."""
    return len(shape) == 3 and shape[0] in _CHANNELS and min(shape[1:]) > 1


def _are_pictures(array: Tensor) -> bool:
    """Whether (n, ...) has the shape of pictures, grey or in three colours.

    A (n, a, b) of bytes is grey pictures; of other numbers, which may be measured over time, it
    is only if the pictures are square.
    """
    if array.ndim == 3:
        return array.dtype == torch.uint8 or array.shape[1] == array.shape[2]
    return array.ndim == 4 and not {array.shape[1], array.shape[3]}.isdisjoint(_CHANNELS)


def _channels_first(pictures: Tensor) -> Tensor:
    """Pictures (n, h, w), (n, c, h, w) or (n, h, w, c) as (n, c, h, w)."""
    if pictures.ndim == 3:
        return pictures[:, None]
    return pictures if pictures.shape[1] in _CHANNELS else pictures.permute(0, 3, 1, 2)


def _are_pixels(array: Tensor) -> bool:
    if array.dtype == torch.uint8:
        return True
    whole = not array.is_floating_point() and array.dtype != torch.bool
    return whole and bool((array >= 0).all()) and bool((array <= 255).all())


def _normalised(pixels: Tensor) -> Tensor:
    """(n, c, h, w) whole numbers as the chapter's inputs, bit for bit those of a picture file."""
    return normalised(pixels.to(torch.uint8).permute(0, 2, 3, 1).numpy())


def _standardised(train: Tensor, test: Tensor) -> Inputs:
    scale = scale_of(train.double())
    remarks = []
    if scale.constant:
        columns = [f"column {i + 1}" for i in scale.constant]
        remarks.append(
            f"{counted(len(columns), 'input')} the same in all training examples, so always 0: "
            f"{some_of(columns)}"
        )
    return Inputs(scale.of(train.double()), scale.of(test.double()), None, tuple(remarks))


def _kept_small(train: Tensor, test: Tensor, *, are_pictures: bool) -> Inputs:
    train, test = train.float(), test.float()
    low, high = levels_of(train)
    if max(abs(low), abs(high)) <= LARGEST:
        return Inputs(train, test, (low, high) if are_pictures else None)

    def between(inputs: Tensor) -> Tensor:
        return (inputs - low).mul_(2 / (high - low)).sub_(1)

    remark = f"inputs from {low:g} to {high:g} are brought to -1 to 1"
    return Inputs(between(train), between(test), (-1.0, 1.0) if are_pictures else None, (remark,))
