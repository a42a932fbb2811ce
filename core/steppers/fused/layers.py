"""What lies between the layers: activations, forwards and backwards, and the loss."""

from __future__ import annotations

import numpy as np
from numpy import float32 as f32

from core.steppers.fused.arrays import Floats
from core.steppers.fused.compiling import kernel
from core.steppers.fused.rules import RELU, SIGMOID, TANH


@kernel
def exp(x: np.float32) -> np.float32:
    """e to the power of `x`, within 2 units in the last place, and never infinite or denormal.

    Without a branch or a call, so that loops over it vectorise. Source: Cephes, expf.
    """
    x = f32(88) if x > 88 else x
    x = f32(-87) if x < -87 else x  # a NaN stays one
    n = np.floor(f32(1.44269504) * x + f32(0.5))
    r = x - n * f32(0.693359375)
    r = r + n * f32(2.12194440e-4)  # the two make ln 2
    p = f32(1.9875691500e-4) * r + f32(1.3981999507e-3)
    p = p * r + f32(8.3334519073e-3)
    p = p * r + f32(4.1665795894e-2)
    p = p * r + f32(1.6666665459e-1)
    p = p * r + f32(5.0000001201e-1)
    power_of_two = np.int32((np.int32(n) + 127) << 23).view(np.float32)
    return f32((p * r * r + r + f32(1)) * power_of_two)


@kernel
def tanh(x: np.float32) -> np.float32:
    """Within 3 units in the last place, without a branch or a call. Source: Cephes, tanhf."""
    z = x * x
    p = f32(-5.70498872745e-3) * z + f32(2.06390887954e-2)
    p = p * z - f32(5.37397155531e-2)
    p = p * z + f32(1.33314422036e-1)
    p = p * z - f32(3.33332819422e-1)
    near_zero = p * z * x + x
    elsewhere = f32(1) - f32(2) / (exp(x + x) + f32(1))
    return near_zero if abs(x) < f32(0.625) else elsewhere


@kernel
def activate(kind: int, a: Floats) -> None:
    """Replace sums by activations, in place."""
    if kind == RELU:
        for i in range(a.size):
            # Not max(): a NaN must stay one, so that divergence is seen.
            a[i] = f32(0) if a[i] < 0 else a[i]
    elif kind == TANH:
        for i in range(a.size):
            a[i] = tanh(a[i])
    elif kind == SIGMOID:
        for i in range(a.size):
            a[i] = f32(1) / (f32(1) + exp(-a[i]))


@kernel
def through_activation(kind: int, a: Floats, d: Floats) -> None:
    """Turn the gradient `d` of activations `a` into that of the sums before them, in place."""
    if kind == RELU:
        for i in range(a.size):
            d[i] = d[i] if a[i] > 0 else f32(0)
    elif kind == TANH:
        for i in range(a.size):
            d[i] *= f32(1) - a[i] * a[i]
    elif kind == SIGMOID:
        for i in range(a.size):
            d[i] *= a[i] * (f32(1) - a[i])


@kernel
def cross_entropy(logits: Floats, label: int, d: Floats, scale: np.float32) -> np.float32:
    """The loss of one example; `d` becomes its gradient by the logits, times `scale`."""
    top = logits[0]
    for j in range(logits.size):
        top = max(top, logits[j])
    total = f32(0)
    for j in range(logits.size):
        d[j] = exp(logits[j] - top)
        total += d[j]
    for j in range(logits.size):
        d[j] *= scale / total
    d[label] -= scale
    return f32(np.log(total) + top - logits[label])
