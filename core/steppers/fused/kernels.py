"""Updates of a chain of linear layers, compiled: forward, backward and the optimizer's rule.

A network is described by `widths` (layers + 1,): inputs, hidden widths, classes; `kinds`
(layers,): what follows each linear layer; and `places` (layers, 2): where its weight matrix
(outputs, inputs) and its bias begin in the flat float32 array of all parameters. Memories have
the same layout. `images` is (examples, inputs) float32, `labels` (examples,) int64.
"""

from __future__ import annotations

import numpy as np
from numba import float32 as f32

from core.steppers.fused.rules import RELU, SGD, SIGMOID, TANH
from core.steppers.fused.compiling import kernel
from core.steppers.fused.changes import change




@kernel
def activate(kind, a):  # type: ignore[no-untyped-def]
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
def through_activation(kind, a, d):  # type: ignore[no-untyped-def]
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
def cross_entropy(logits, label, d, scale):  # type: ignore[no-untyped-def]
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
    return np.log(total) + top - logits[label]


@kernel
def forward_one(params, widths, kinds, places, x, a):  # type: ignore[no-untyped-def]
    """Activations of one example, layer after layer in `a`; returns where the logits begin."""
    begin = 0
    inputs = x
    for layer in range(kinds.size):
        n, m = widths[layer], widths[layer + 1]
        weights, bias = places[layer, 0], places[layer, 1]
        outputs = a[begin : begin + m]
        for j in range(m):
            row = params[weights + j * n : weights + (j + 1) * n]
            total = f32(0)
            for i in range(n):
                total += row[i] * inputs[i]
            outputs[j] = total + params[bias + j]
        activate(kinds[layer], outputs)
        inputs = outputs
        begin += m
    return begin - widths[-1]


@kernel
def updates_of_one(  # type: ignore[no-untyped-def]
    params, m0, m1, m2, widths, kinds, places, images, labels, rows, rates, code, h, step, losses
):
    """Make an update from each example in `rows` (k,), at its rate in `rates` (k,).

    Returns how many losses were written; ends with the first that is not finite, whose update
    is not made.
    """
    a = np.empty(widths[1:].sum(), np.float32)
    d = np.empty_like(a)
    g = np.empty(widths.max(), np.float32)
    plain = code == SGD and h[1] == 0 and h[3] == 0
    for update in range(rows.size):
        x = images[rows[update]]
        h[0] = rates[update]
        here = forward_one(params, widths, kinds, places, x, a)
        losses[update] = cross_entropy(a[here:], labels[rows[update]], d[here:], f32(1))
        if not np.isfinite(losses[update]):
            return update + 1
        for layer in range(kinds.size - 1, -1, -1):
            n, m = widths[layer], widths[layer + 1]
            weights, bias = places[layer, 0], places[layer, 1]
            inputs = x if layer == 0 else a[here - n : here]
            delta = d[here : here + m]
            if layer > 0:
                before = d[here - n : here]
                before[:] = 0
                for j in range(m):
                    dj = delta[j]
                    if dj != 0:
                        row = params[weights + j * n : weights + (j + 1) * n]
                        for i in range(n):
                            before[i] += dj * row[i]
                through_activation(kinds[layer - 1], inputs, before)
            if plain:  # a unit that ReLU silenced changes nothing: half the work of a layer
                rate = f32(h[0])
                for j in range(m):
                    dj = rate * delta[j]
                    if dj != 0:
                        row = params[weights + j * n : weights + (j + 1) * n]
                        for i in range(n):
                            row[i] -= dj * inputs[i]
                        params[bias + j] -= dj
            else:
                for j in range(m):
                    dj = delta[j]
                    for i in range(n):
                        g[i] = dj * inputs[i]
                    s = slice(weights + j * n, weights + (j + 1) * n)
                    change(code, params[s], g[:n], m0[s], m1[s], m2[s], h, step)
                s = slice(bias, bias + m)
                change(code, params[s], delta, m0[s], m1[s], m2[s], h, step)
            here -= n
        step += 1
    return rows.size


@kernel
def gradient_of_many(params, widths, kinds, places, x, labels, scale, a, d, grad):  # type: ignore[no-untyped-def]
    """Gradient of the loss of examples `x` (b, inputs), summed and times `scale`, into `grad`.

    `a` and `d` are room for the activations and their gradients, b times the sum of the
    widths after the first. Returns the loss, likewise.
    """
    b = x.shape[0]
    begin = 0
    inputs = x
    for layer in range(kinds.size):
        n, m = widths[layer], widths[layer + 1]
        weights = params[places[layer, 0] : places[layer, 0] + m * n].reshape(m, n)
        bias = params[places[layer, 1] : places[layer, 1] + m]
        flat = a[begin : begin + b * m]
        outputs = flat.reshape(b, m)
        np.dot(inputs, weights.T, outputs)
        for k in range(b):
            for j in range(m):
                outputs[k, j] += bias[j]
        activate(kinds[layer], flat)
        inputs = outputs
        begin += b * m
    m = widths[-1]
    here = begin - b * m
    loss = 0.0
    for k in range(b):
        s = slice(here + k * m, here + (k + 1) * m)
        loss += cross_entropy(a[s], labels[k], d[s], scale)
    for layer in range(kinds.size - 1, -1, -1):
        n, m = widths[layer], widths[layer + 1]
        delta = d[here : here + b * m].reshape(b, m)
        inputs = x if layer == 0 else a[here - b * n : here].reshape(b, n)
        np.dot(delta.T, inputs, grad[places[layer, 0] : places[layer, 0] + m * n].reshape(m, n))
        bias = grad[places[layer, 1] : places[layer, 1] + m]
        bias[:] = 0
        for k in range(b):
            for j in range(m):
                bias[j] += delta[k, j]
        if layer > 0:
            weights = params[places[layer, 0] : places[layer, 0] + m * n].reshape(m, n)
            before = d[here - b * n : here]
            np.dot(delta, weights, before.reshape(b, n))
            through_activation(kinds[layer - 1], a[here - b * n : here], before)
        here -= b * n
    return loss * scale


@kernel
def updates_of_many(  # type: ignore[no-untyped-def]
    params, m0, m1, m2, widths, kinds, places, images, labels, rows, rates, code, h, step, losses
):
    """Make an update from each row of examples in `rows` (k, b); otherwise as updates_of_one."""
    b, n = rows.shape[1], widths[0]
    a = np.empty(b * widths[1:].sum(), np.float32)
    d = np.empty_like(a)
    x = np.empty((b, n), np.float32)
    y = np.empty(b, np.int64)
    grad = np.zeros_like(params)
    scale = f32(1) / f32(b)
    for update in range(rows.shape[0]):
        for k in range(b):
            x[k, :] = images[rows[update, k]]
            y[k] = labels[rows[update, k]]
        losses[update] = gradient_of_many(params, widths, kinds, places, x, y, scale, a, d, grad)
        if not np.isfinite(losses[update]):
            return update + 1
        h[0] = rates[update]
        change(code, params, grad, m0, m1, m2, h, step)
        step += 1
    return rows.shape[0]


@kernel
def add_gradient(  # type: ignore[no-untyped-def]
    params, widths, kinds, places, images, labels, rows, scale, part, grad
):
    """Add the gradient of the examples in `rows` (b,) to `grad`; returns their loss.

    `part` is room for as much again. Consecutive rows are not copied together first.
    """
    consecutive = True
    for k in range(rows.size):
        consecutive = consecutive and rows[k] == rows[0] + k
    b, n = rows.size, widths[0]
    a = np.empty(b * widths[1:].sum(), np.float32)
    d = np.empty_like(a)
    if consecutive:
        x = images[rows[0] : rows[0] + b]
        y = labels[rows[0] : rows[0] + b]
    else:
        x = np.empty((b, n), np.float32)
        y = np.empty(b, np.int64)
        for k in range(b):
            x[k, :] = images[rows[k]]
            y[k] = labels[rows[k]]
    loss = gradient_of_many(params, widths, kinds, places, x, y, scale, a, d, part)
    for i in range(grad.size):
        grad[i] += part[i]
    return loss
