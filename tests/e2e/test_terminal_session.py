"""A session with gd-tui as a person has it: a real terminal, real keys, the whole of MNIST."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

from tests.e2e.conftest import Open
from tests.e2e.terminal import Terminal

UPDATES = re.compile(r"updates +([\d,]+) ")
PANELS = ("Strategy", "Settings", "Run", "Training loss", "Progress", "Predictions", "Events")


def all_panels(text: str) -> bool:
    return all(f"─ {panel} " in text for panel in PANELS)


def updates(text: str) -> int:
    """How many updates the screen says were made; 0 while it shows none."""
    found = UPDATES.search(text)
    return int(found[1].replace(",", "")) if found else 0


def chart(text: str) -> str:
    """What stands in the panel of the loss, at 120 columns."""
    return "\n".join(line[35:83] for line in text.splitlines())


def pause(terminal: Terminal) -> int:
    """Pause, see that nothing moves any more; the updates made until then."""
    terminal.press(" ")
    terminal.wait_for("PAUSED")
    terminal.wait_until_still(1.0)
    return updates(terminal.text)


def test_a_person_trains_changes_the_descent_looks_around_and_leaves(
    open_terminal: Open, tmp_path: Path
) -> None:
    terminal = open_terminal("--model", "softmax", "--eval-every", "epoch", "--summary", "run.json")
    terminal.wait_for("READY")
    shown = terminal.wait_for(all_panels)
    assert "784-10   MNIST 60,000" in shown

    # It trains, and each strategy leaves its name in the chart and in the events.
    terminal.press(" ")
    terminal.wait_for(lambda text: updates(text) > 100)
    for key, sign, name, before in (
        ("1", "■", "batch", "stochastic"),
        ("2", "●", "stochastic", "batch"),
        ("3", "▲", "mini-batch 64", "stochastic"),
    ):
        terminal.press(key)
        terminal.wait_for(f"{before} → {name}")
        terminal.wait_for(partial(re.search, f"▸{key} {sign} .* [µm]?s"))
        marks = (f"{sign} {name}", f"{name} {sign}")
        terminal.wait_for(lambda text, marks=marks: any(mark in chart(text) for mark in marks))
    terminal.press("+")
    terminal.wait_for("0.01 → 0.0126")

    # Paused, it stands still; it goes on by one update.
    made = pause(terminal)
    terminal.press(".")
    terminal.wait_for(lambda text: updates(text) == made + 1)

    # A bad batch size is refused where it was typed; a good one is taken.
    terminal.press("b")
    terminal.wait_for("batch size: 64")
    terminal.press("0", "enter")
    terminal.wait_for("'0' is not allowed")
    terminal.press("clear line")
    terminal.wait_for(partial(re.search, "batch size: +│"))
    terminal.press("32", "enter")
    terminal.wait_for("64 → 32")
    assert updates(terminal.text) == made + 1

    # The help comes and goes, the terminal shrinks and grows again.
    terminal.press("?")
    terminal.wait_for("Train to the end of the epoch")
    terminal.press("escape")
    terminal.wait_for(lambda text: "Train to the end of the epoch" not in text)
    terminal.resize(80, 24)
    terminal.wait_for(lambda text: "PAUSED" in text[:80] and "─ Predictions " not in text)
    assert "─ Strategy " in terminal.text
    terminal.resize(120, 40)
    terminal.wait_for(all_panels)

    terminal.press("q")
    terminal.wait_for(f"made {made + 1:,} updates")
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert terminal.left_clean
    told = json.loads((tmp_path / "run.json").read_text())
    assert (told["status"], told["updates"]) == ("stopped", made + 1)
    assert told["learning_rate"] == 0.0126
    # Where the kernels are late, autograd goes first; that is an event, too.
    changed = [event["what"] for event in told["events"] if event["what"] != "stepper"]
    assert changed == ["strategy"] * 3 + ["lr", "batch_size"]
