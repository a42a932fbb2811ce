"""Who may know whom: what each part of the house pulls in when it is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCREEN = {"textual", "rich", "plotext", "textual_plotext", "click", "tui"}
HEAVY = {"torch", "torchvision", "numpy"}


def packages_after(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has imported once it has run `code`."""
    report = "import sys; print('|'.join({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split("|"))


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


def test_loading_mnist_needs_no_torchvision() -> None:
    assert "torchvision" not in packages_after("from core.data.load import load; load('mnist')")


def test_help_needs_neither_torch_nor_textual() -> None:
    help_ = (
        "from tui.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
    )
    assert not packages_after(help_) & ({"textual", "plotext", "textual_plotext"} | HEAVY)
