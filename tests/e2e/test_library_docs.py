"""What the documentation shows of the library runs as it stands there, and so do the examples."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(), re.DOTALL)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(program: str, surroundings: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, **surroundings)
    assert done.returncode == 0, done.stderr
    return done


def test_the_engine_of_the_documentation_trains(surroundings: dict[str, Any]) -> None:
    said = run(f"{BLOCKS[0]}\nprint(net[0].weight.grad is None)", surroundings).stdout
    updates, accuracy = said.splitlines()[0].split()
    assert int(updates) == 32  # of 50 examples each: two epochs of 800, the rest are for the test
    assert float(accuracy) > 0.6


def test_the_loop_of_the_documentation_goes_on_without_a_terminal(
    surroundings: dict[str, Any],
) -> None:
    done = run(f"{BLOCKS[1]}\nprint(loss.item() < 0.69)", surroundings)
    assert done.stdout == "True\n"
    assert done.stderr.startswith("gd-tui: no screen: ")
    assert len(BLOCKS) == 2


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run_without_a_terminal(example: Path, surroundings: dict[str, Any]) -> None:
    said = run(example.read_text(), surroundings).stdout
    assert re.search(r"in the end: 9\d\.\d%|epoch 5: the loss is 0\.\d+", said)
