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
            outputs = own_code.call(partial(_forward, model, inputs), {}, {}, name, "model")
            _check_outputs(outputs, data, len(targets), name)
            judge = partial(_there_and_back, loss, outputs, targets)
            said = own_code.call(judge, {}, {}, name, "loss")
    finally:
        for parameter in model.parameters():
            parameter.grad = None
        with torch.no_grad():
            for key, value in model.named_buffers():
                value.copy_(buffers[key])
    if said.numel() != 1:
        shape = "x".join(map(str, said.shape))
        raise UserError(
            f"loss: {loss.name} of {name} returns {shape} numbers; it must be one, the mean"
        )


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


def _there_and_back(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    said = loss.mean(outputs, targets)
    if said.numel() == 1:
        said.backward()  # type: ignore[no-untyped-call]
    return said.detach()


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
