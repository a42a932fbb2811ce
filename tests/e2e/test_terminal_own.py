"""Digits from a folder of PNG files and a network from a file, on a real terminal."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from PIL import Image

from core.data.mnist import load_mnist
from core.data.split import Resident
from tests.e2e.conftest import Open

EXAMPLES = 600
NET = """from torch import nn


def make(shape, classes, width=16):
    channels, height, _ = shape
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4 * (height // 2) ** 2, width), nn.ReLU(), nn.Linear(width, classes),
    )
"""


def write_digits(folder: Path) -> None:
    """The first examples of MNIST as PNG files, a folder for each class."""
    mnist = load_mnist().train
    assert isinstance(mnist, Resident)
    pixels = ((mnist.inputs[:EXAMPLES, 0] + 1) * 127.5).round().to(torch.uint8).numpy()
    for number, (shades, label) in enumerate(zip(pixels, mnist.targets.tolist(), strict=False)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shades).save(place / f"{number:04}.png")


def test_a_network_of_ones_own_learns_a_folder_of_digits_and_can_be_steered(
    open_terminal: Open, tmp_path: Path
) -> None:
    write_digits(tmp_path / "digits")
    (tmp_path / "net.py").write_text(NET)
    own = ("--data", "digits", "--model", "net.py:make", "--model-arg", "width=24")
    terminal = open_terminal(
        *own, "--residence", "streamed", "--workers", "1", "--optimizer", "adam", "--batch-size",
        "16", "--lr", "0.003", "--epochs", "6", "--summary", "run.json",
    )  # fmt: skip
    terminal.wait_for(lambda text: "READY" in text and "digits 480" in text)
    terminal.wait_for("streamed")
    terminal.press(" ")
    terminal.wait_for("FINISHED")
    terminal.press("f")
    terminal.wait_for("run 2")
    terminal.press("q")
    terminal.wait_for("have made 360 updates")
    assert "not kept" not in terminal.text
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert terminal.left_clean
    told = json.loads((tmp_path / "run.json").read_text())
    assert (told["status"], told["updates"]) == ("done", 180)
    assert told["test_accuracy"] > 0.6


def test_what_cannot_be_used_is_one_line_and_the_terminal_is_left_as_it_was(
    open_terminal: Open, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(NET.replace("classes)", "7)"))
    terminal = open_terminal("--model", "net.py:make", "--batch-size", "8")
    assert terminal.exit_status() == 2
    assert terminal.left_clean
    [line] = terminal.last_words
    assert line == (
        f"gd-tui: model: {tmp_path}/net.py:make makes (8, 7) of 8 examples of 1x28x28; MNIST has "
        "10 classes, so it must be (8, 10) (from --model)"
    )
