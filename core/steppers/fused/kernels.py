"""Updates of a chain of linear layers, compiled: forward, backward and the optimizer's rule.

Examples go through one at a time in plain loops, or many at once in matrix products. `a` holds
the activations of all layers after the inputs, one layer behind the other; `d` the gradient of
the loss by the sums that they were made from. A slice ends at the first loss that is not finite,
whose update is not made.
"""

from __future__ import annotations

import numpy as np
from numpy import float32 as f32

from core.steppers.fused.arrays import Doubles, Examples, Floats, Ints, Memories, Network
from core.steppers.fused.changes import change
from core.steppers.fused.compiling import kernel
from core.steppers.fused.rules import RELU, SGD, SIGMOID, TANH


@kernel
def activate(kind: int, a: Floats) -> None:
    """Replace sums by activations, in place."""
    if kind == RELU:
        for i in range(a.size):
            # Not max(): a NaN must stay one, so that divergence is seen.
            a[i] = f32(0) if a[i] < 0 else a[i]
    elif kind == TANH:
        for i in range(a.size):
            a[i] = np.tanh(a[i])
    elif kind == SIGMOID:
        for i in range(a.size):
            a[i] = f32(1) / (f32(1) + np.exp(-a[i]))


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
        d[j] = np.exp(logits[j] - top)
        total += d[j]
    for j in range(logits.size):
        d[j] *= scale / total
    d[label] -= scale
    return f32(np.log(total) + top - logits[label])


@kernel
def forward_one(net: Network, x: Floats, a: Floats) -> None:
    """Activations of one example `x` (inputs,), layer after layer."""
    begin = 0
    inputs = x
    for layer in range(net.kinds.size):
        n, m = net.widths[layer], net.widths[layer + 1]
        matrix, bias = net.places[layer]
        outputs = a[begin : begin + m]
        for j in range(m):
            row = net.weights[matrix + j * n : matrix + (j + 1) * n]
            total = f32(0)
            for i in range(n):
                total += row[i] * inputs[i]
            outputs[j] = total + net.weights[bias + j]
        activate(net.kinds[layer], outputs)
        inputs = outputs
        begin += m


@kernel
def backward_through(net: Network, layer: int, delta: Floats, before: Floats) -> None:
    """The gradient by a layer's inputs, from that by its sums; units at zero are passed over."""
    n = before.size
    matrix = net.places[layer, 0]
    before[:] = 0
    for j in range(delta.size):
        if delta[j] != 0:
            row = net.weights[matrix + j * n : matrix + (j + 1) * n]
            for i in range(n):
                before[i] += delta[j] * row[i]


@kernel
def step_plainly(net: Network, layer: int, inputs: Floats, delta: Floats, rate: np.float32) -> None:
    """Plain SGD on one layer. A unit that ReLU silenced changes nothing: half of the work."""
    n = inputs.size
    matrix, bias = net.places[layer]
    for j in range(delta.size):
        dj = rate * delta[j]
        if dj != 0:
            row = net.weights[matrix + j * n : matrix + (j + 1) * n]
            for i in range(n):
                row[i] -= dj * inputs[i]
            net.weights[bias + j] -= dj


@kernel
def step_by_rule(
    net: Network,
    layer: int,
    inputs: Floats,
    delta: Floats,
    memories: Memories,
    code: int,
    h: Doubles,
    step: int,
    g: Floats,
) -> None:
    """Any rule on one layer, row by row; `g` is room for a row's gradient."""
    n = inputs.size
    matrix, bias = net.places[layer]
    for j in range(delta.size):
        for i in range(n):
            g[i] = delta[j] * inputs[i]
        change_part(net, memories, matrix + j * n, g[:n], code, h, step)
    change_part(net, memories, bias, delta, code, h, step)


@kernel
def change_part(
    net: Network, memories: Memories, begin: int, g: Floats, code: int, h: Doubles, step: int
) -> None:
    """Change the weights from `begin` on by the gradient `g`."""
    s = slice(begin, begin + g.size)
    m = Memories(memories.first[s], memories.second[s], memories.third[s])
    change(code, net.weights[s], g, m, h, step)


@kernel
def updates_of_one(
    net: Network,
    memories: Memories,
    data: Examples,
    rows: Ints,
    rates: Doubles,
    code: int,
    h: Doubles,
    step: int,
    losses: Floats,
) -> int:
    """Make an update from each example in `rows` (k,), at its rate in `rates` (k,).

    Writes each update's loss to `losses` (k,), and returns how many it wrote.
    """
    a = np.empty(net.widths[1:].sum(), np.float32)
    d = np.empty_like(a)
    g = np.empty(net.widths.max(), np.float32)
    plain = code == SGD and h[1] == 0 and h[3] == 0  # neither momentum nor weight decay
    for update in range(rows.size):
        x = data.images[rows[update]]
        forward_one(net, x, a)
        here = a.size - net.widths[-1]
        losses[update] = cross_entropy(a[here:], data.labels[rows[update]], d[here:], f32(1))
        if not np.isfinite(losses[update]):
            return update + 1
        h[0] = rates[update]
        for layer in range(net.kinds.size - 1, -1, -1):
            n, m = net.widths[layer], net.widths[layer + 1]
            delta = d[here : here + m]
            inputs = x
            if layer > 0:  # through the weights as they were in the forward pass
                inputs = a[here - n : here]
                before = d[here - n : here]
                backward_through(net, layer, delta, before)
                through_activation(net.kinds[layer - 1], inputs, before)
            if plain:
                step_plainly(net, layer, inputs, delta, f32(h[0]))
            else:
                step_by_rule(net, layer, inputs, delta, memories, code, h, step, g)
            here -= n
        step += 1
    return rows.size


@kernel
def gradient_of_many(
    net: Network, x: Floats, labels: Ints, scale: np.float32, a: Floats, d: Floats, grad: Floats
) -> float:
    """The gradient of the loss of examples `x` (b, inputs), summed and times `scale`, to `grad`.

    Returns that loss. `a` and `d` are room for b times the widths after the first.
    """
    b = x.shape[0]
    begin = 0
    inputs = x
    for layer in range(net.kinds.size):
        n, m = net.widths[layer], net.widths[layer + 1]
        matrix, bias = net.places[layer]
        weights = net.weights[matrix : matrix + m * n].reshape(m, n)
        flat = a[begin : begin + b * m]
        outputs = flat.reshape(b, m)
        np.dot(inputs, weights.T, outputs)
        for k in range(b):
            for j in range(m):
                outputs[k, j] += net.weights[bias + j]
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
        np.dot(delta.T, inputs, grad[matrix : matrix + m * n].reshape(m, n))
        grad[bias : bias + m] = 0
        for k in range(b):
            for j in range(m):
                grad[bias + j] += delta[k, j]
        if layer > 0:
            weights = net.weights[matrix : matrix + m * n].reshape(m, n)
            before = d[here - b * n : here]
            np.dot(delta, weights, before.reshape(b, n))
            through_activation(net.kinds[layer - 1], a[here - b * n : here], before)
        here -= b * n
    return loss * float(scale)


@kernel
def gather(data: Examples, rows: Ints, x: Floats, labels: Ints) -> None:
    """Copy the examples in `rows` (b,) together, into `x` (b, inputs) and `labels` (b,)."""
    for k in range(rows.size):
        x[k, :] = data.images[rows[k]]
        labels[k] = data.labels[rows[k]]


@kernel
def updates_of_many(
    net: Network,
    memories: Memories,
    data: Examples,
    rows: Ints,
    rates: Doubles,
    code: int,
    h: Doubles,
    step: int,
    losses: Floats,
) -> int:
    """Make an update from each row of examples in `rows` (k, b); else as `updates_of_one`."""
    b = rows.shape[1]
    x = np.empty((b, net.widths[0]), np.float32)
    labels = np.empty(b, np.int64)
    a = np.empty(b * net.widths[1:].sum(), np.float32)
    d = np.empty_like(a)
    grad = np.zeros_like(net.weights)
    scale = f32(1) / f32(b)
    for update in range(rows.shape[0]):
        gather(data, rows[update], x, labels)
        losses[update] = gradient_of_many(net, x, labels, scale, a, d, grad)
        if not np.isfinite(losses[update]):
            return update + 1
        h[0] = rates[update]
        change(code, net.weights, grad, memories, h, step)
        step += 1
    return int(rows.shape[0])
