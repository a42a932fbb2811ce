"""By what updates are made, in words: the steppers and precisions that one can choose from."""

from __future__ import annotations

STEPPERS = {
    "auto": "the fastest that serves the network, the optimizer and the device",
    "autograd": "plain PyTorch, for any network",
    "compiled": "through torch.compile, which takes its time at first",
}
PRECISIONS = {
    "float32": "every product in full",
    "tf32": "products of matrices with fewer digits, on cards that know it",
    "bfloat16": "most of the network with fewer digits, in half the memory",
}
