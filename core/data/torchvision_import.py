"""Import torchvision's data sets, also where its own operators do not load."""

from __future__ import annotations

import sys
from types import ModuleType

import torch

from core.errors import UserError

_NMS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def import_datasets() -> ModuleType:
    """The module torchvision.datasets; raises UserError where it cannot be had.

    The torchvision of the Python package index is built for CUDA. Beside a torch without CUDA
    its operators cannot load, and its import fails at the first one that it describes: "operator
    torchvision::nms does not exist". The data sets need no operator, so declaring the two that
    are asked for lets the rest load.
    """
    try:
        return _import()
    except RuntimeError as fault:
        if "operator torchvision::" not in str(fault):
            raise _unusable(fault) from fault
    except ImportError as fault:
        raise _unusable(fault) from fault
    _forget_half_imported()
    for operator in ("nms", "qnms"):
        torch.library.define(f"torchvision::{operator}", _NMS)
    try:
        return _import()
    except (RuntimeError, ImportError) as fault:
        raise _unusable(fault) from fault


def _import() -> ModuleType:
    import torchvision.datasets

    datasets: ModuleType = torchvision.datasets
    return datasets


def _forget_half_imported() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]


def _unusable(fault: Exception) -> UserError:
    return UserError(
        f"this data set needs torchvision, which could not be imported ({fault}); install the "
        f"release that belongs to torch {torch.__version__}, or use the data set mnist"
    )
