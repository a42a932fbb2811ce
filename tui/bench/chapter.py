"""The chapter's own loop, as it is printed there: DataLoader, transforms, autograd."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader

from core.data.torchvision_import import import_datasets


def lay_out(root: Path) -> None:
    """Unpack the MNIST of the package to where torchvision looks for it under `root`."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in (resources.files("core.data") / "mnist").iterdir():
        if file.name.endswith(".gz"):
            with file.open("rb") as packed, (raw / file.name.removesuffix(".gz")).open("wb") as out:
                shutil.copyfileobj(gzip.GzipFile(fileobj=packed), out)


def train_data(root: Path) -> Any:
    """The chapter's training set from what `lay_out` left. Raises UserError without torchvision."""
    datasets = import_datasets()
    from torchvision import transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return datasets.MNIST(root=root, train=True, transform=transform)


class SimpleNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Any:
        x = x.view(-1, 28 * 28)
        x = torch.relu(self.fc1(x))
        x = self.fc2(x)
        return x  # noqa: RET504 - as printed


def updates(train_data: Any, batch_size: int) -> Iterator[int]:
    """The chapter's training; the only addition is the `yield` after each update."""
    train_loader = DataLoader(train_data, batch_size=batch_size, shuffle=True)
    model = SimpleNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    while True:
        for data, target in train_loader:
            optimizer.zero_grad()
            output = model(data)
            loss = criterion(output, target)
            loss.backward()
            optimizer.step()
            yield 1
