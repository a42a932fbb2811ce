"""Who may know whom: what each part of the house pulls in when it is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCREEN = {"textual", "rich", "plotext", "textual_plotext", "click", "tui"}
HEAVY = {"torch", "torchvision", "numpy"}


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has imported once it has run `code`."""
    report = "import sys; print('|'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split("|"))


def packages_after(code: str) -> set[str]:
    """The top-level packages among them."""
    return {name.partition(".")[0] for name in modules_after(code)}


@pytest.mark.parametrize("module", ["core.config", "core.commands", "core.snapshot", "core.engine"])
def test_the_contracts_of_the_engine_need_neither_torch_nor_a_screen(module: str) -> None:
    assert not packages_after(f"import {module}") & ({"torch", "torchvision"} | SCREEN)


def test_the_whole_of_core_knows_no_screen() -> None:
    every = (
        "import importlib, pkgutil, core\n"
        "for found in pkgutil.walk_packages(core.__path__, 'core.'):\n"
        "    importlib.import_module(found.name)"
    )
    imported = packages_after(every)
    assert "torch" in imported
    assert not imported & SCREEN


def test_training_mnist_by_autograd_needs_neither_torchvision_nor_torchs_compiler() -> None:
    train = (
        "from core.config import configure\n"
        "from core.record import Record\n"
        "from core.steppers.fused.preparation import Preparation\n"
        "from core.trainer import Trainer\n"
        "from tui.bench.problem import mnist\n"
        "kernels, data = Preparation(), mnist()\n"
        "kernels.fault = 'not here'\n"
        "for optimizer in ('sgd', 'adam', 'nadam', 'muon'):\n"
        "    trainer = Trainer(configure({'optimizer': optimizer}), data, Record(), kernels)\n"
        "    trainer.advance(1)\n"
        "    assert trainer.updates == 1\n"
        "    trainer.optimizer.load_state(trainer.optimizer.state())"
    )
    imported = modules_after(train)
    assert "torch.optim" in imported
    assert not {"torchvision", "torch._dynamo"} & imported


def test_the_first_frame_waits_for_no_screen_but_the_opening_one() -> None:
    imported = modules_after("import tui.app, tui.onscreen")
    assert "tui.screens.opening" in imported
    assert "tui.screens.cockpit" not in imported
    assert not {"plotext", "numpy", "torch"} & imported


def test_help_needs_neither_torch_nor_textual() -> None:
    help_ = (
        "from tui.cli.command import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
    )
    assert not packages_after(help_) & ({"textual", "plotext", "textual_plotext"} | HEAVY)
