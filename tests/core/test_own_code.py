"""The user's own code: how it is named, called, blamed, and kept apart from ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from core import own_code
from core.errors import UserError

ROOT = Path(__file__).parents[2]


def written(folder: Path, **modules: str) -> Path:
    """A folder with such files: `core_layers` becomes core/layers.py."""
    for name, text in modules.items():
        path = folder / f"{name.replace('_', '/', 1)}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_callable_is_found_in_a_file_beside_what_that_imports(tmp_path: Path) -> None:
    written(tmp_path, beside="WIDTH = 7", net="import beside\ndef make():\n    return beside.WIDTH")
    assert own_code.load(f"{tmp_path}/net.py:make", "model")() == 7


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("{}/none.py:make", "model: there is no file {}/none.py"),
        ("no_such_package.nets:make", "cannot be imported: ModuleNotFoundError"),
        ("{}/good.py:mke", "there is no mke in {}/good.py (did you mean make?)"),
        ("{}/good.py:WIDTH", "WIDTH in {}/good.py is int, which cannot be called"),
        ("{}/broken.py:make", "{}/broken.py, line 2: SyntaxError"),
        ("{}/raises.py:make", "{}/raises.py, line 3: ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(
    reference: str, said: str, tmp_path: Path
) -> None:
    written(
        tmp_path,
        good="WIDTH = 3\ndef make(): ...",
        broken="x = 1\ndef make(:",
        raises="\n\n1 / 0",
    )
    with pytest.raises(UserError) as refused:
        own_code.load(reference.format(tmp_path), "model")
    assert said.format(tmp_path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_fault_is_blamed_on_the_latest_line_of_the_users_own(tmp_path: Path) -> None:
    text = "import json\ndef make(width):\n    json.loads('{')\n"
    factory = own_code.load(f"{written(tmp_path, blamed=text)}/blamed.py:make", "model")
    with pytest.raises(UserError, match=r"model: net failed: .*blamed\.py, line 3: JSONDecodeErr"):
        own_code.call(factory, {"width": 1}, {}, "net", "model")


def test_what_a_factory_does_not_take_is_said_with_what_it_takes(tmp_path: Path) -> None:
    text = "def make(width, deep=False):\n    return width"
    factory = own_code.load(f"{written(tmp_path, takes=text)}/takes.py:make", "model")
    for given, why in (
        ({}, "missing .* 'width'"),
        ({"width": 1, "wide": 2}, "unexpected .* 'wide'"),
    ):
        with pytest.raises(UserError, match=f"net cannot be called: .*{why}; .* are width, deep "):
            own_code.call(factory, given, {}, "net", "model")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("torch.set_default_dtype(torch.float64)", "dtype to torch.float64, which is to stay tor"),
        ("torch.set_default_device('meta')", "device to meta, which is to stay cpu"),
        ("torch.set_grad_enabled(False)", "gradients to False, which is to stay True"),
    ],
)
def test_code_that_changes_what_holds_for_all_of_torch_is_refused(
    line: str, said: str, tmp_path: Path
) -> None:
    made = f"import torch\ndef make():\n    {line}"
    written(tmp_path, imported=f"import torch\n{line}\ndef make(): ...", called=made)
    factory = own_code.load(f"{tmp_path}/called.py:make", "model")
    with pytest.raises(UserError, match=f"model: net sets torch's default {said}"):
        own_code.call(factory, {}, {}, "net", "model")
    with pytest.raises(UserError, match=f"model: .*imported.py sets torch's default {said}"):
        own_code.load(f"{tmp_path}/imported.py:make", "model")
    assert torch.ones(1).dtype is torch.float32
    assert torch.ones(1).device.type == "cpu"
    assert torch.is_grad_enabled()


def test_an_interruption_is_the_codes_own_fault_only_where_nobody_can_press_ctrl_c() -> None:
    def make() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        own_code.call(make, {}, {}, "net", "model")
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(own_code.call, make, {}, {}, "net", "model")
    with pytest.raises(UserError, match=r"model: net failed: .*KeyboardInterrupt"):
        asked.result()


def test_a_factory_gets_of_what_is_offered_what_it_takes(tmp_path: Path) -> None:
    text = "def make(outputs, width=2, **more):\n    return outputs, width, more"
    factory = own_code.load(f"{written(tmp_path, takes=text)}/takes.py:make", "model")
    offered = {"outputs": 10, "shape": (1, 28, 28)}
    assert own_code.call(factory, {"width": 5}, offered, "net", "model") == (10, 5, {})


def test_arguments_are_literals_or_else_text() -> None:
    given = own_code.arguments(["width=256", "rates=(0.1, 1)", "name=res=net", "deep=True"])
    assert given == {"width": 256, "rates": (0.1, 1), "name": "res=net", "deep": True}


def test_what_is_given_as_an_object_has_a_name_of_its_own_until_it_is_taken_back() -> None:
    names = [own_code.give("Net", lambda n=n: n) for n in range(2)]
    assert names == ["script:Net", "script:Net_2"]
    assert [own_code.load(name, "model")() for name in names] == [0, 1]
    own_code.take_back(names)
    with pytest.raises(UserError):
        own_code.load(names[0], "model")


# Packages called like ours

LAYERS = """
from core.sizes import WIDTH

def make():
    import core.sizes  # late: when ours are all there
    return WIDTH + core.sizes.WIDTH
"""


def project(folder: Path) -> Path:
    """A project with packages called core and tui."""
    return written(
        folder,
        core___init__="",
        core_layers=LAYERS,
        core_sizes="WIDTH = 4",
        tui___init__="raise SystemExit('this is not gd-tui')",
    )


def run(folder: Path, *command: str, first: Path = ROOT, last: Path = ROOT) -> str:
    """What a fresh Python says in a folder, when these are first and last on its path."""
    env = {"PYTHONPATH": f"{first}{os.pathsep}{last}", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_is_ours_in_a_folder_with_packages_called_like_ours(tmp_path: Path) -> None:
    project(tmp_path)
    assert "Usage: " in run(tmp_path, "-m", "gd_tui", "run", "--help", first=tmp_path)
    shutil.rmtree(tmp_path / "tui")
    assert "Usage: " in run(tmp_path, "-m", "tui", "run", "--help", first=tmp_path)


def test_the_users_files_import_the_users_packages_and_ours_import_ours(tmp_path: Path) -> None:
    project(tmp_path)
    written(
        tmp_path,
        net="from core.layers import make\nimport core.layers as it\nassert it.make is make",
        script="import gd_tui\n"
        "load = gd_tui.own_code.load\n"
        "assert load('net.py:make', 'model')() == 8\n"
        "assert load('core.layers:make', 'model')() == 8\n"
        "assert gd_tui.UserError.__module__ == 'core.errors'\n"
        "print('fine')",
    )
    (tmp_path / "core" / "__init__.py").unlink()  # as many projects have it
    with_own_code = "import sys, gd_tui; gd_tui.own_code = sys.modules['core.own_code']"
    command = f"{with_own_code} if gd_tui.engine else 0; exec(open('script.py').read())"
    assert run(tmp_path, "-c", command) == "fine\n"


def test_a_script_that_had_imported_its_own_keeps_them(tmp_path: Path) -> None:
    script = (
        "from core import layers\n"
        "import gd_tui\n"
        "import core.layers, core.sizes\n"
        "assert core.layers is layers and layers.make() == 8\n"
        "assert gd_tui.UserError.__module__ == 'core.errors'\n"
        "try:\n"
        "    import core.config\n"
        "except ModuleNotFoundError:\n"
        "    print('fine')\n"
    )
    written(project(tmp_path), script=script)
    assert run(tmp_path, "script.py") == "fine\n"
