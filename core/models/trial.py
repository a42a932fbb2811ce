"""A network of the user's own is tried on one batch before it trains."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from core import own_code
from core.data.dataset import Dataset
from core.errors import UserError
from core.losses import Loss


def try_out(model: nn.Module, loss: Loss, data: Dataset, size: int, name: str) -> None:
    """Take `size` training examples through the network and the loss, there and back.

    Leaves weights, buffers and random generators as they were. Raises UserError, with the
    user's own line, if anything fails, or if the outputs do not go with the data.
    """
    inputs, targets = data.train.take(torch.arange(min(size, len(data.train))))
    buffers = {key: value.clone() for key, value in model.named_buffers()}
    devices = [data.device] if data.device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices):
            for _ in range(2):  # what is kept of the first time may spoil the second
                outputs = own_code.call(partial(_forward, model, inputs), {}, {}, name, "model")
                _check_outputs(outputs, data, len(targets), name)
                _judge(loss, outputs, targets, name)
    finally:
        for parameter in model.parameters():
            parameter.grad = None
        with torch.no_grad():
            for key, value in model.named_buffers():
                value.copy_(buffers[key])


def _forward(model: nn.Module, inputs: Tensor) -> object:
    try:
        return model(inputs)
    except ValueError as fault:
        if "more than 1 value per channel" in str(fault):
            raise ValueError(
                f"{fault}: what it normalises over the batch needs more than one example an "
                "update (--batch-size)"
            ).with_traceback(fault.__traceback__) from None
        raise


def _judge(loss: Loss, outputs: Tensor, targets: Tensor, name: str) -> None:
    """Take the outputs (n, ...) and targets (n, ...) through the loss, and back to the weights."""
    if len(targets) == 1:  # of one example, a loss for each would look like their mean
        outputs, targets = outputs.repeat(2, 1), targets.repeat(2, *[1] * (targets.ndim - 1))
    said = own_code.call(partial(loss.mean, outputs, targets), {}, {}, name, "loss")
    if not isinstance(said, Tensor):
        kind = type(said).__name__
        raise _of_loss(loss, name, f"returns {kind}; it must be a tensor with the mean alone")
    if said.numel() != 1:
        shape = "x".join(map(str, said.shape))
        raise _of_loss(loss, name, f"returns {shape} numbers; it must be one, the mean")
    if not said.requires_grad:
        raise _of_loss(
            loss, name, "has no gradient: something is detached, rounded or under no_grad"
        )
    own_code.call(said.backward, {}, {}, name, "loss")


def _of_loss(loss: Loss, name: str, what: str) -> UserError:
    return UserError(f"loss: {loss.name} of {name} {what}", setting="model")


def _check_outputs(outputs: object, data: Dataset, count: int, name: str) -> None:
    spec = data.spec
    what = f"{spec.outputs} classes" if spec.classes else f"{spec.outputs} numbers to be told"
    if not isinstance(outputs, Tensor):
        raise UserError(
            f"model: {name} returns {type(outputs).__name__}; it must be a tensor", setting="model"
        )
    if tuple(outputs.shape) != (count, spec.outputs):
        raise UserError(
            f"model: {name} makes {tuple(outputs.shape)} of {count} examples of "
            f"{'x'.join(map(str, spec.shape))}; {spec.title} has {what}, so it must be "
            f"({count}, {spec.outputs})",
            setting="model",
        )
    if not outputs.requires_grad:
        raise UserError(
            f"model: what {name} returns has no gradient: it does not depend on weights that "
            "train, or is detached or under no_grad",
            setting="model",
        )
