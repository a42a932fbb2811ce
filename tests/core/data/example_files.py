"""Data sets of the kind that users bring: light to import, since worker processes do so."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import torch
from torch import Tensor


class Files:
    """Examples that lie in a folder, a file each."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.load(self.folder / f"{index}.pt", weights_only=True), index % 3


class WhoReads(Files):
    """Tells the number of the process that read it, and whether signals are ignored there."""

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        print("this would disturb the screen")
        ignores = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        silent = os.path.realpath("/proc/self/fd/1") in (os.devnull, "/proc/self/fd/1")
        return torch.tensor([os.getpid(), ignores, silent], dtype=torch.float32), 0
