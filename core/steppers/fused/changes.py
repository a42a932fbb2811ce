"""How the optimizers change weights: torch's own arithmetic, element by element.

Each rule takes weights `w` (m, n) and memories of that shape. Their gradient is `delta` (m,) times
`x` (n,): from one example it is no more than that, and need not be written down; any other is
(1,) times (m * n,), for weights in a single row.
"""

from __future__ import annotations

import numpy as np
from numpy import float32 as f32

from core.steppers.fused.arrays import Doubles, Floats, Memories
from core.steppers.fused.compiling import kernel
from core.steppers.fused.rules import ADAGRAD, ADAM, RMSPROP, SGD


@kernel
def sgd(w: Floats, delta: Floats, x: Floats, rate: np.float32) -> None:
    """Neither momentum nor decay. A unit that ReLU silenced changes nothing: half of the work."""
    for j in range(delta.size):
        times = rate * delta[j]
        if times != 0:
            for i in range(x.size):
                w[j, i] -= times * x[i]


@kernel
def sgd_with_decay(
    w: Floats, delta: Floats, x: Floats, rate: np.float32, decay: np.float32
) -> None:
    for j in range(delta.size):
        for i in range(x.size):
            w[j, i] -= rate * (delta[j] * x[i] + decay * w[j, i])


@kernel
def sgd_with_momentum(
    w: Floats,
    delta: Floats,
    x: Floats,
    m: Floats,
    rate: np.float32,
    keep: np.float32,
    take: np.float32,
    decay: np.float32,
    look_ahead: np.float32,
) -> None:
    """`keep` of the momentum stays, `take` of the gradient comes to it. Nesterov's descent looks
    ahead by the momentum; any other by nothing, and follows only what was gathered."""
    own = f32(0) if look_ahead == 0 else f32(1)
    ahead = f32(1) if look_ahead == 0 else look_ahead
    for j in range(delta.size):
        for i in range(x.size):
            d = delta[j] * x[i] + decay * w[j, i]
            m[j, i] = keep * m[j, i] + take * d
            w[j, i] -= rate * (own * d + ahead * m[j, i])


@kernel
def adagrad(
    w: Floats,
    delta: Floats,
    x: Floats,
    total: Floats,
    rate: np.float32,
    decay: np.float32,
    eps: np.float32,
) -> None:
    for j in range(delta.size):
        for i in range(x.size):
            d = delta[j] * x[i] + decay * w[j, i]
            total[j, i] += d * d
            w[j, i] -= rate * d / (np.sqrt(total[j, i]) + eps)


@kernel
def rmsprop(
    w: Floats,
    delta: Floats,
    x: Floats,
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
    for j in range(delta.size):
        for i in range(x.size):
            d = delta[j] * x[i] + decay * w[j, i]
            square[j, i] = alpha * square[j, i] + new * d * d
            spread = square[j, i]
            if centered:
                centre[j, i] += new * (d - centre[j, i])
                spread = max(spread - centre[j, i] * centre[j, i], f32(0))
            d /= np.sqrt(spread) + eps
            if momentum > 0:
                m[j, i] = momentum * m[j, i] + d
                d = m[j, i]
            w[j, i] -= rate * d


@kernel
def adam(
    w: Floats,
    delta: Floats,
    x: Floats,
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
    root: np.float32,
    amsgrad: bool,
) -> None:
    """`size` is the rate over the first bias correction, `root` the root of the second one's
    inverse; `decay` adds to the gradient, `shrink` (AdamW) scales the weight itself. With
    `amsgrad`, the `largest` square so far divides."""
    for j in range(delta.size):
        for i in range(x.size):
            d = delta[j] * x[i] + decay * w[j, i]
            mean[j, i] += new1 * (d - mean[j, i])
            square[j, i] = b2 * square[j, i] + new2 * d * d
            spread = square[j, i]
            if amsgrad:
                spread = max(largest[j, i], spread)
                largest[j, i] = spread
            w[j, i] = shrink * w[j, i] - size * mean[j, i] / (np.sqrt(spread) * root + eps)


@kernel
def change(
    code: int, w: Floats, delta: Floats, x: Floats, memories: Memories, h: Doubles, step: int
) -> None:
    """Change the weights `w` (m * n,) by the gradient `delta` (m,) times `x` (n,).

    `code` names the rule. `h` holds its hyperparameters, the learning rate first; `step` counts
    the updates that the memories have seen before this one.
    """
    n = x.size
    weights = w.reshape(-1, n)
    first, second = memories.first.reshape(-1, n), memories.second.reshape(-1, n)
    third = memories.third.reshape(-1, n)
    if code == SGD:
        rate, momentum, decay = f32(h[0]), f32(h[1]), f32(h[3])
        if momentum != 0:
            keep = f32(0) if step == 0 else momentum  # the first update starts the momentum
            take = f32(1) if step == 0 else f32(1 - h[2])
            look_ahead = momentum if h[4] != 0 else f32(0)
            sgd_with_momentum(weights, delta, x, first, rate, keep, take, decay, look_ahead)
        elif decay != 0:
            sgd_with_decay(weights, delta, x, rate, decay)
        else:
            sgd(weights, delta, x, rate)
    elif code == ADAGRAD:
        rate, decay, eps = f32(h[0] / (1 + step * h[1])), f32(h[2]), f32(h[3])
        adagrad(weights, delta, x, first, rate, decay, eps)
    elif code == RMSPROP:
        rate, alpha, new, eps, decay = f32(h[0]), f32(h[1]), f32(1 - h[1]), f32(h[2]), f32(h[3])
        more = f32(h[4]), h[5] != 0
        rmsprop(weights, delta, x, first, second, third, rate, alpha, new, eps, decay, *more)
    elif code == ADAM:
        size = f32(h[0] / (1 - h[1] ** (step + 1)))
        root = f32(1 / np.sqrt(1 - h[2] ** (step + 1)))
        decoupled = h[6] != 0
        decay = f32(0) if decoupled else f32(h[4])
        shrink = f32(1 - h[0] * h[4]) if decoupled else f32(1)
        # 1 - beta is taken before rounding: in float32, 1 - 0.999 is off by 1 part in 60,000.
        new1, b2, new2, eps = f32(1 - h[1]), f32(h[2]), f32(1 - h[2]), f32(h[3])
        adam(
            *(weights, delta, x, first, second, third),
            *(size, new1, b2, new2, eps, decay, shrink, root),
            h[5] != 0,
        )
