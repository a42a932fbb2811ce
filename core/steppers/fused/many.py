"""Gradients and updates from many examples at once, in matrix products."""

from __future__ import annotations

import numpy as np
from numpy import float32 as f32

from core.steppers.fused.arrays import Doubles, Examples, Floats, Ints, Memories, Network, Room
from core.steppers.fused.blas import multiply
from core.steppers.fused.changes import change
from core.steppers.fused.compiling import kernel
from core.steppers.fused.layers import activate, cross_entropy, through_activation


@kernel
def gradient_of_piece(
    net: Network,
    sgemm: int,
    x: Floats,
    labels: Ints,
    scale: np.float32,
    room: Room,
    grad: Floats,
    add: bool,
) -> float:
    """The gradient of the loss of examples `x` (b, inputs), summed and times `scale`.

    It goes into `grad`, or is added to what is there. Returns that loss.
    """
    a, d = room.activations, room.deltas
    b = x.shape[0]
    begin = 0
    inputs = x
    for layer in range(net.kinds.size):
        n, m = net.widths[layer], net.widths[layer + 1]
        matrix, bias = net.places[layer]
        weights = net.weights[matrix : matrix + m * n].reshape(m, n)
        flat = a[begin : begin + b * m]
        outputs = flat.reshape(b, m)
        multiply(sgemm, inputs, False, weights, True, outputs, False)
        outputs += net.weights[bias : bias + m]
        activate(net.kinds[layer], flat)
        inputs = outputs
        begin += b * m
    m = net.widths[-1]
    here = begin - b * m
    loss = 0.0
    for k in range(b):
        s = slice(here + k * m, here + (k + 1) * m)
        loss += float(cross_entropy(a[s], labels[k], d[s], scale))
    for layer in range(net.kinds.size - 1, -1, -1):
        n, m = net.widths[layer], net.widths[layer + 1]
        matrix, bias = net.places[layer]
        delta = d[here : here + b * m].reshape(b, m)
        inputs = x if layer == 0 else a[here - b * n : here].reshape(b, n)
        into = grad[matrix : matrix + m * n].reshape(m, n)
        multiply(sgemm, delta, True, inputs, False, into, add)
        if not add:
            grad[bias : bias + m] = 0
        for k in range(b):
            for j in range(m):
                grad[bias + j] += delta[k, j]
        if layer > 0:
            weights = net.weights[matrix : matrix + m * n].reshape(m, n)
            before = d[here - b * n : here]
            multiply(sgemm, delta, False, weights, False, before.reshape(b, n), False)
            through_activation(net.kinds[layer - 1], a[here - b * n : here], before)
        here -= b * n
    return loss * float(scale)


@kernel
def consecutive(rows: Ints) -> bool:
    """Whether each of `rows` (b,) is one more than the one before it."""
    here = True
    for k in range(1, rows.size):
        here = here and rows[k] == rows[0] + k
    return here


@kernel
def gradient(
    net: Network,
    sgemm: int,
    data: Examples,
    rows: Ints,
    scale: np.float32,
    room: Room,
    grad: Floats,
    add: bool,
) -> float:
    """The gradient of the examples in `rows` (b,), piece by piece; else as `gradient_of_piece`."""
    loss = 0.0
    size = room.labels.size
    for begin in range(0, rows.size, size):
        some = rows[begin : begin + size]
        b = some.size
        x, labels = room.images[:b], room.labels[:b]
        if consecutive(some):  # they need not be copied
            x, labels = data.images[some[0] : some[0] + b], data.labels[some[0] : some[0] + b]
        else:
            for k in range(b):
                x[k, :] = data.images[some[k]]
                labels[k] = data.labels[some[k]]
        loss += gradient_of_piece(net, sgemm, x, labels, scale, room, grad, add or begin > 0)
    return loss


@kernel
def updates_of_many(
    net: Network,
    sgemm: int,
    memories: Memories,
    data: Examples,
    rows: Ints,
    rates: Doubles,
    code: int,
    h: Doubles,
    step: int,
    losses: Floats,
    room: Room,
    grad: Floats,
) -> int:
    """Make an update from each row of examples in `rows` (k, b); else as `updates_of_one`."""
    one = np.ones(1, np.float32)
    scale = f32(1) / f32(rows.shape[1])
    for update in range(rows.shape[0]):
        losses[update] = gradient(net, sgemm, data, rows[update], scale, room, grad, False)
        if not np.isfinite(losses[update]):
            return update + 1
        h[0] = rates[update]
        change(code, net.weights, one, grad, memories, h, step)
        step += 1
    return int(rows.shape[0])
