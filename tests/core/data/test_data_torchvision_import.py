"""torchvision loads beside a torch that has none of its operators."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.data import torchvision_import
from core.errors import UserError


def test_its_data_sets_and_transforms_can_be_imported_in_a_fresh_process() -> None:
    code = (
        "from core.data.torchvision_import import import_datasets\n"
        "print(import_datasets().KMNIST.__name__)\n"
        "import torchvision.transforms\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["KMNIST"]


def test_a_torchvision_that_is_not_there_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(UserError, match=r"needs torchvision, which could not be imported .*mnist"):
        torchvision_import.import_datasets()


def test_importing_twice_gives_the_same_module() -> None:
    assert torchvision_import.import_datasets() is torchvision_import.import_datasets()
