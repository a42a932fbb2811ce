"""A script's own engine and a script's own loop in a real terminal."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal

DATA = """
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
x = torch.randn(256, 4)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(4, 2), nn.Tanh())
"""
ENGINE = (
    DATA
    + """
import gd_tui

with gd_tui.engine(model=net, data=(x, y), batch_size=8) as engine:
    gd_tui.attach(engine)
    first = engine.run.at.updates
    weight = net[0].weight.clone()
    print("\\x1b[2J between the screens", first, flush=True)  # a clear view of the second
    gd_tui.attach(engine)
    assert engine.run.at.updates == first + 1
    assert not torch.equal(weight, net[0].weight)
print("the script goes on")
"""
)
LOOP = (
    DATA
    + """
import os
from torch.utils.data import DataLoader, TensorDataset
from gd_tui import cockpit

optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)
print("before the loop", flush=True)
screen = False
for epoch in range(100_000):
    for inputs, labels in cockpit(loader):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(inputs), labels)
        loss.backward()
        optimizer.step()
        if optimizer.param_groups[0]["lr"] > 0.0125:
            1 / 0
        last = len(labels)
    if last == 16:
        break
    if epoch == 0:
        print("an epoch is over", flush=True)
    elif not os.isatty(1):
        screen = True
    elif screen:
        print("it goes on without a screen", flush=True)
        screen = False
print("ended with batches of", last)
"""
)
SHORT_LOOP = (
    DATA
    + """
from gd_tui import cockpit

optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for inputs in cockpit([x, x, x]):
    net(inputs).sum().backward()
    optimizer.step()
print("at its end", flush=True)
"""
)

Run = Callable[[str], Terminal]


@pytest.fixture
def run(env: dict[str, str], tmp_path: Path) -> Iterator[Run]:
    """Runs a script in a terminal, which is closed when the test is over."""
    opened: list[Terminal] = []

    def start(script: str) -> Terminal:
        (tmp_path / "script.py").write_text(script)
        command = (sys.executable, "script.py")
        opened.append(Terminal(env=env, cwd=tmp_path, command=command))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def pause(terminal: Terminal) -> None:
    terminal.wait_for("a loop of your own, 10 weights")
    terminal.wait_for("RUNNING")
    terminal.press(" ")
    terminal.wait_for("PAUSED")


def test_a_script_shows_its_engine_twice_and_goes_on(run: Run) -> None:
    terminal = run(ENGINE)
    terminal.wait_for("READY")
    terminal.press(".")
    terminal.wait_for(lambda text: re.search(r"updates +1 ", text))
    terminal.press("q")
    terminal.wait_for("between the screens 1")
    terminal.wait_for("PAUSED")
    terminal.press(".")
    terminal.wait_for(lambda text: re.search(r"updates +2 ", text))
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert terminal.last_words == ["the script goes on"]
    assert terminal.left_clean


def test_a_person_pauses_and_steers_a_loop_and_lets_it_end(run: Run) -> None:
    terminal = run(LOOP)
    pause(terminal)
    terminal.wait_until_still(1.0)
    terminal.press("]")
    terminal.wait_for("batch size 8 → 16")
    terminal.press("f")
    terminal.wait_for("Fork: copy the run whole")
    terminal.press(" ")
    # The loop notices, breaks off and is over; the screen stays until it is left.
    terminal.wait_for("FINISHED")
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert terminal.last_words == ["an epoch is over", "ended with batches of 16"]
    assert terminal.left_clean


def test_a_fault_of_the_loop_gives_the_terminal_back_first(run: Run) -> None:
    terminal = run(LOOP)
    pause(terminal)
    terminal.press("+")
    terminal.wait_for("learning rate 0.01 → 0.0126")
    terminal.press(" ")
    assert terminal.exit_status() == 1
    assert terminal.last_words[-1] == "ZeroDivisionError: division by zero"
    assert "1 / 0" in "\n".join(terminal.last_words)
    assert terminal.left_clean


def test_the_screen_is_left_and_the_script_interrupted_without_it(run: Run) -> None:
    terminal = run(LOOP)
    pause(terminal)
    terminal.press("q")
    terminal.wait_for("leave the screen; the loop goes on")
    terminal.press("q")
    terminal.wait_for("it goes on without a screen")
    terminal.press("ctrl+c")
    assert terminal.exit_status() == -signal.SIGINT
    assert terminal.last_words[-1] == "KeyboardInterrupt"
    assert terminal.left_clean


def test_told_to_end_the_script_gives_the_terminal_back(run: Run) -> None:
    terminal = run(LOOP)
    pause(terminal)
    terminal.press("ctrl+c")
    terminal.wait_for("interrupt the script")
    terminal.press("escape")
    terminal.send_signal(signal.SIGTERM)
    assert terminal.exit_status() == -signal.SIGTERM
    assert terminal.left_clean


def test_told_to_end_while_its_screen_stays_the_script_ends(run: Run) -> None:
    terminal = run(SHORT_LOOP)
    terminal.wait_for("FINISHED")
    terminal.send_signal(signal.SIGTERM)
    assert terminal.exit_status() == -signal.SIGTERM
    assert terminal.last_words == ["at its end"]
    assert terminal.left_clean
