"""The user's own data and network, by the command line: trained, gone on with, refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from safetensors.torch import save_file

from tests.tui.cli_helpers import Call, Said

FLOWERS = 120


def told(said: Said) -> Any:
    """The object on standard output."""
    assert said.status == 0, said
    return json.loads(said.out.splitlines()[-1])


def flowers() -> tuple[np.ndarray, np.ndarray]:
    """Three kinds, each around a place of its own."""
    chance = np.random.default_rng(0)
    kinds = np.arange(FLOWERS) % 3
    return (kinds[:, None] * [2.0, -1.0] + chance.normal(0, 0.4, (FLOWERS, 2))), kinds


def as_table(inputs: np.ndarray, kinds: np.ndarray) -> dict[str, list[object]]:
    names = ["iris", "rose", "tulip"]
    return {
        "length": inputs[:, 0].tolist(),
        "width": inputs[:, 1].tolist(),
        "kind": [names[kind] for kind in kinds],
    }


def write(folder: Path, name: str) -> None:
    """The flowers, in the format that the name asks for."""
    inputs, kinds = flowers()
    x, y = torch.tensor(inputs, dtype=torch.float32), torch.tensor(kinds)
    table = as_table(inputs, kinds)
    match Path(name).suffix:
        case ".csv":
            rows = ["length,width,kind", *map(_line, zip(*table.values(), strict=True))]
            (folder / name).write_text("\n".join(rows) + "\n")
        case ".parquet":
            parquet.write_table(pa.table(table), folder / name)
        case ".npz":
            np.savez(folder / name, x=inputs, y=kinds)
        case ".npy":
            np.save(folder / name, np.column_stack([inputs, kinds]))
        case ".pt":
            torch.save({"x": x, "y": y}, folder / name)
        case ".safetensors":
            save_file({"x": x, "y": y}, folder / name)


def _line(values: tuple[object, ...]) -> str:
    return ",".join(map(str, values))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz", ".npy", ".pt", ".safetensors"])
def test_every_format_is_learned(call: Call, folder: Path, suffix: str) -> None:
    write(folder, f"flowers{suffix}")
    given = ("--model", "perceptron", "--widths", "8", "--epochs", "20", "--task", "classification")
    run = told(call("run", "--data", f"flowers{suffix}", *given, "--batch-size", "4", "--json"))
    assert run["data"] == str(folder / f"flowers{suffix}")
    assert (run["updates"], run["test_r2"]) == (20 * 24, None)
    assert run["test_accuracy"] > 0.9


def test_a_number_is_told_and_the_run_goes_on_as_it_was(call: Call, folder: Path) -> None:
    chance = np.random.default_rng(0)
    area, noise = chance.uniform(40, 200, 100), chance.normal(0, 3, 100)
    rows = [f"{a:.1f},{5 * a + n:.1f}" for a, n in zip(area, noise, strict=True)]
    (folder / "flats.csv").write_text("area,rent\n" + "\n".join(rows) + "\n")
    given = ("--data", "flats.csv", "--model", "softmax", "--batch-size", "4", "--lr", "0.05")
    run = told(call("run", *given, "--epochs", "5", "--runs", "runs", "--json"))
    assert run["test_accuracy"] is None
    assert run["test_r2"] > 0.95
    assert [event["what"] for event in run["events"]].count("data") >= 1
    further = told(call("resume", "--runs", "runs", "--headless", "--epochs", "6", "--json"))
    assert (run["updates"], further["updates"]) == (100, 120)
    whole = told(call("run", *given, "--epochs", "6", "--no-save", "--json"))
    assert further["test_loss"] == whole["test_loss"]


def test_a_network_from_a_file_is_raced_and_resumed_when_it_is_named_again(
    call: Call, folder: Path
) -> None:
    (folder / "net.py").write_text(
        "from torch import nn\n\n"
        "def make(shape, outputs, width=8):\n"
        "    return nn.Sequential(nn.Linear(*shape, width), nn.Tanh(), nn.Linear(width, outputs))\n"
    )
    write(folder, "flowers.csv")
    given = ("--data", "flowers.csv", "--model", "net.py:make", "--model-arg", "width=5")
    run = told(call("run", *given, "--epochs", "2", "--runs", "runs", "--json"))
    assert (run["model"], run["updates"]) == (f"{folder}/net.py:make", 192)
    refused = call("resume", "--runs", "runs", "--headless", "--epochs", "3")
    assert refused.status == 2
    assert refused.err.endswith(f"name it again: --model {folder}/net.py:make\n")
    again = ("--model", "net.py:make", "--json")
    further = told(call("resume", "--runs", "runs", "--headless", "--epochs", "3", *again))
    assert further["updates"] == 288
    race = told(call("race", *given, "--budget", "examples:96", "--json"))
    assert {lane["strategy"] for lane in race["runs"]} == {"batch", "stochastic", "mini-batch"}


BAD = {
    "latin.csv": "stra\xdfe,preis\na,1\nb,2\n".encode("latin-1"),
    "one.csv": b"a,kind\n" + b"1,x\n2,x\n3,x\n4,x\n",
    "constant.csv": b"a,b\n" + b"7,1\n7,2\n7,3\n7,4\n",
    "ragged.csv": b"a,b\n1,2\n1,2,3\n",
    "empty.csv": b"",
}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--data", "latin.csv"), "not UTF-8"),
        (("--data", "one.csv"), "one class"),
        (("--data", "ragged.csv"), "ragged.csv"),
        (("--data", "empty.csv"), "empty"),
        (("--data", "nothing.csv"), "nothing.csv"),
        (("--data", "hollow"), "hollow"),
        (("--data", "flowers.csv", "--target", "kidn"), "kind"),
        (("--data", "flowers.csv", "--model", "lenet"), "lenet takes pictures"),
        (("--data", "flowers.csv", "--loss", "mse"), "mse does not go with classification"),
        (("--data", "flowers.csv", "--batch-size", "500"), "from 1 to 96"),
        (("--device", "cuda:7"), "cuda:7 is not available here"),
        (("--model", "net.py:make"), "there is no file"),
        (("--model", "nowhere.at:all"), "No module named 'nowhere'"),
        (("--model", "net:"), "it must be one of simplenet"),
        (("--model-arg", "width"), "name=value"),
        (("--precision", "tf32"), "tf32 needs an NVIDIA card"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    call: Call, folder: Path, args: tuple[str, ...], said: str
) -> None:
    for name, content in BAD.items():
        (folder / name).write_bytes(content)
    write(folder, "flowers.csv")
    (folder / "hollow").mkdir()
    refused = call("run", "--no-save", *args)
    assert refused.status == 2, refused
    lines = [line for line in refused.err.splitlines() if line.startswith("gd-tui: ")]
    assert len(lines) == 1
    assert said in lines[0]
    assert "Traceback" not in refused.err + refused.out
