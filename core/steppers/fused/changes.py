"""How the optimizers change weights: torch's own arithmetic, element by element.

Each rule takes flat float32 arrays of one length: weights `w`, gradients `g`, and memories.
`h` (float64) holds the hyperparameters, the learning rate first; `step` counts the updates that
the memories have seen before this one.
"""

from __future__ import annotations

import numpy as np
from numpy import float32 as f32

from core.steppers.fused.arrays import Doubles, Floats, Memories
from core.steppers.fused.compiling import kernel
from core.steppers.fused.rules import ADAGRAD, ADAM, RMSPROP, SGD


@kernel
def sgd(
    w: Floats,
    g: Floats,
    m: Floats,
    step: int,
    rate: np.float32,
    momentum: np.float32,
    dampening: np.float32,
    decay: np.float32,
    nesterov: bool,
) -> None:
    if momentum == 0:
        for i in range(w.size):
            w[i] -= rate * (g[i] + decay * w[i])
        return
    keep = f32(0) if step == 0 else momentum  # the first update starts the momentum
    take = f32(1) if step == 0 else f32(1) - dampening
    if nesterov:
        for i in range(w.size):
            d = g[i] + decay * w[i]
            m[i] = keep * m[i] + take * d
            w[i] -= rate * (d + momentum * m[i])
    else:
        for i in range(w.size):
            m[i] = keep * m[i] + take * (g[i] + decay * w[i])
            w[i] -= rate * m[i]


@kernel
def adagrad(
    w: Floats, g: Floats, total: Floats, rate: np.float32, decay: np.float32, eps: np.float32
) -> None:
    for i in range(w.size):
        d = g[i] + decay * w[i]
        total[i] += d * d
        w[i] -= rate * d / (np.sqrt(total[i]) + eps)


@kernel
def rmsprop(
    w: Floats,
    g: Floats,
    square: Floats,
    m: Floats,
    centre: Floats,
    rate: np.float32,
    alpha: np.float32,
    new: np.float32,
    eps: np.float32,
    decay: np.float32,
    momentum: np.float32,
    centered: bool,
) -> None:
    for i in range(w.size):
        d = g[i] + decay * w[i]
        square[i] = alpha * square[i] + new * d * d
        spread = square[i]
        if centered:
            centre[i] += new * (d - centre[i])
            spread = max(spread - centre[i] * centre[i], f32(0))
        d /= np.sqrt(spread) + eps
        if momentum > 0:
            m[i] = momentum * m[i] + d
            d = m[i]
        w[i] -= rate * d


@kernel
def adam(
    w: Floats,
    g: Floats,
    mean: Floats,
    square: Floats,
    largest: Floats,
    size: np.float32,
    new1: np.float32,
    b2: np.float32,
    new2: np.float32,
    eps: np.float32,
    decay: np.float32,
    shrink: np.float32,
    amsgrad: bool,
    root: np.float32,
) -> None:
    """`size` is the rate over the first bias correction, `root` the root of the second one's
    inverse; `decay` adds to the gradient, `shrink` (AdamW) scales the weight itself."""
    if amsgrad:
        for i in range(w.size):
            d = g[i] + decay * w[i]
            mean[i] += new1 * (d - mean[i])
            square[i] = b2 * square[i] + new2 * d * d
            largest[i] = max(largest[i], square[i])
            w[i] = shrink * w[i] - size * mean[i] / (np.sqrt(largest[i]) * root + eps)
    else:
        for i in range(w.size):
            d = g[i] + decay * w[i]
            mean[i] += new1 * (d - mean[i])
            square[i] = b2 * square[i] + new2 * d * d
            w[i] = shrink * w[i] - size * mean[i] / (np.sqrt(square[i]) * root + eps)


@kernel
def change(code: int, w: Floats, g: Floats, memories: Memories, h: Doubles, step: int) -> None:
    """Change the weights `w` by the gradient `g`, by the rule of that code."""
    m0, m1, m2 = memories.first, memories.second, memories.third
    if code == SGD:
        sgd(w, g, m0, step, f32(h[0]), f32(h[1]), f32(h[2]), f32(h[3]), h[4] != 0)
    elif code == ADAGRAD:
        rate = h[0] / (1 + step * h[1])
        adagrad(w, g, m0, f32(rate), f32(h[2]), f32(h[3]))
    elif code == RMSPROP:
        alpha, new, eps, decay = f32(h[1]), f32(1 - h[1]), f32(h[2]), f32(h[3])
        rmsprop(w, g, m0, m1, m2, f32(h[0]), alpha, new, eps, decay, f32(h[4]), h[5] != 0)
    elif code == ADAM:
        size = f32(h[0] / (1 - h[1] ** (step + 1)))
        root = f32(1 / np.sqrt(1 - h[2] ** (step + 1)))
        decoupled = h[6] != 0
        decay = f32(0) if decoupled else f32(h[4])
        shrink = f32(1 - h[0] * h[4]) if decoupled else f32(1)
        # 1 - beta is taken before rounding: in float32, 1 - 0.999 is off by 1 part in 60,000.
        new1, b2, new2, eps = f32(1 - h[1]), f32(h[2]), f32(1 - h[2]), f32(h[3])
        adam(w, g, m0, m1, m2, size, new1, b2, new2, eps, decay, shrink, h[5] != 0, root)
