"""What is measured on: the complete MNIST, in the computer's memory."""

from __future__ import annotations

import torch

from core.config import RunConfig
from core.data.dataset import Dataset
from core.data.load import load, untold
from core.data.placing import place


def mnist() -> Dataset:
    config = RunConfig()
    return place(load(config), config, torch.device("cpu"), untold)
