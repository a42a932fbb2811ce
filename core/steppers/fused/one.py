"""Updates from one example each, in plain loops: matrices are walked through row by row.

`a` holds the activations of all layers after the inputs, one layer behind the other; `d` the
gradient of the loss by the sums that they were made from.
"""

from __future__ import annotations

import numpy as np
from numpy import float32 as f32

from core.steppers.fused.arrays import Doubles, Examples, Floats, Ints, Memories, Network
from core.steppers.fused.changes import change, sgd
from core.steppers.fused.compiling import kernel
from core.steppers.fused.layers import activate, cross_entropy, through_activation
from core.steppers.fused.rules import SGD


@kernel
def forward(net: Network, x: Floats, a: Floats) -> None:
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
def change_part(
    net: Network,
    memories: Memories,
    begin: int,
    delta: Floats,
    x: Floats,
    code: int,
    h: Doubles,
    step: int,
) -> None:
    """Change the weights from `begin` on by the gradient `delta` (m,) times `x` (n,)."""
    s = slice(begin, begin + delta.size * x.size)
    m = Memories(memories.first[s], memories.second[s], memories.third[s])
    change(code, net.weights[s], delta, x, m, h, step)


@kernel
def step_plainly(net: Network, layer: int, inputs: Floats, delta: Floats, rate: np.float32) -> None:
    """SGD without momentum and decay on one layer, for which `change_part` takes too long."""
    m, n = delta.size, inputs.size
    matrix, bias = net.places[layer]
    sgd(net.weights[matrix : matrix + m * n].reshape(m, n), delta, inputs, rate)
    for j in range(m):
        net.weights[bias + j] -= rate * delta[j]


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

    Writes each update's loss to `losses` (k,), and returns how many it wrote: a slice ends at
    the first loss that is not finite, whose update is not made.
    """
    a = np.empty(net.widths[1:].sum(), np.float32)
    d = np.empty_like(a)
    one = np.ones(1, np.float32)
    plain = code == SGD and h[1] == 0 and h[3] == 0  # neither momentum nor weight decay
    for update in range(rows.size):
        x = data.images[rows[update]]
        forward(net, x, a)
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
                matrix, bias = net.places[layer]
                change_part(net, memories, matrix, delta, inputs, code, h, step)
                change_part(net, memories, bias, one, delta, code, h, step)
            here -= n
        step += 1
    return rows.size
