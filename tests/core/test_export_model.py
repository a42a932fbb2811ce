"""A network in a file judges as the network does, for any number of images."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.config import RunConfig
from core.data.catalog import DATA_SETS
from core.data.dataset import normalised
from core.errors import UserError
from core.export.model import about, save_onnx, save_program, save_safetensors
from core.models.build import build

DATA = DATA_SETS["mnist"]
HOME = str(Path(core.__file__).parent.parent).encode()  # where this very code lies


def forgetful() -> nn.Module:
    """A network that judges otherwise while it trains; its first layer is not trained any more."""
    torch.manual_seed(1)
    model = nn.Sequential(
        *(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(32, 10)),
    )
    model(torch.randn(50, 1, 6, 6))  # running statistics of its own
    model[1].eval()
    return model


def lenet_of(side: int) -> nn.Module:
    return build(RunConfig(model="lenet"), replace(DATA, shape=(1, side, side))).model


def images(count: int, side: int) -> Tensor:
    return torch.randn(count, 1, side, side, generator=torch.Generator().manual_seed(count))


def judged(model: nn.Module, shown: Tensor) -> Tensor:
    """The logits of a network that does not train."""
    modes = [(module, module.training) for module in model.modules()]
    with torch.no_grad():
        logits: Tensor = model.eval()(shown)
    for module, training in modes:
        module.training = training
    return logits


def test_safetensors_hold_every_weight_and_say_how_images_are_prepared(tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file

    model = forgetful()
    path = tmp_path / "model.safetensors"
    save_safetensors(model, DATA, path)
    loaded = load_file(path)
    state = model.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)
    with safe_open(path, "pt") as file:
        told = file.metadata()
    assert told["format"] == "pt"
    assert told["preprocessing"] == "pixels from 0 to 255 as (pixel / 255 - 0.5) / 0.5"


def test_the_preprocessing_that_is_told_is_the_one_that_is_done() -> None:
    formula = about(DATA)["preprocessing"].removeprefix("pixels from 0 to 255 as ")
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    told = [eval(formula, {"pixel": int(pixel)}) for pixel in pixels.flat]
    np.testing.assert_allclose(normalised(pixels).flatten(), told, atol=1e-6)


def test_weights_that_share_memory_or_lie_crosswise_in_it_are_written(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    model[0].bias = nn.Parameter(torch.randn(4, 2).t()[0])
    save_safetensors(model, DATA, tmp_path / "model.safetensors")
    loaded = load_file(tmp_path / "model.safetensors")
    assert torch.equal(loaded["1.weight"], model[0].weight)
    assert torch.equal(loaded["0.bias"], model[0].bias)


def test_a_program_gives_the_models_logits_for_one_image_and_for_several(tmp_path: Path) -> None:
    model, path = forgetful(), tmp_path / "model.pt2"
    modes = [module.training for module in model.modules()]
    save_program(model, DATA, images(1, 6), path)
    assert [module.training for module in model.modules()] == modes
    told = {"preprocessing": ""}
    program = torch.export.load(path, extra_files=told).module()
    for count in (1, 7):
        shown = images(count, 6)
        torch.testing.assert_close(program(shown), judged(model, shown))
    assert "(pixel / 255 - 0.5) / 0.5" in str(told["preprocessing"])
    with zipfile.ZipFile(path) as archive:
        assert all(HOME not in archive.read(name) for name in archive.namelist())


def test_onnx_gives_the_models_logits_for_one_image_and_for_several(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    from onnx.reference import ReferenceEvaluator

    model, path = lenet_of(12), tmp_path / "model.onnx"
    save_onnx(model, DATA, images(3, 12), path)
    assert model.training
    written = onnx.load(path)
    onnx.checker.check_model(written, full_check=True)
    evaluator = ReferenceEvaluator(written)
    for count in (1, 7):
        shown = images(count, 12)
        (logits,) = evaluator.run(["logits"], {"images": shown.numpy()})
        torch.testing.assert_close(torch.from_numpy(logits), judged(model, shown))
    assert "(pixel / 255 - 0.5) / 0.5" in written.doc_string
    assert {each.key: each.value for each in written.metadata_props}["output"].startswith("logits")
    assert HOME not in path.read_bytes()


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_where_onnx_is_not_installed_it_is_said_what_to_install(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=r"pip install 'gd-tui\[onnx\]'"):
        save_onnx(nn.Linear(2, 2), DATA, torch.zeros(1, 2), tmp_path / "model.onnx")
    assert [*tmp_path.iterdir()] == []


def _in_no_folder(folder: Path) -> Path:
    return folder / "missing" / "model.safetensors"


def _at_a_folder(folder: Path) -> Path:
    (folder / "model").mkdir()
    return folder / "model"


def _at_itself(folder: Path) -> Path:
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop" / "model"


@pytest.mark.parametrize("place", [_in_no_folder, _at_a_folder, _at_itself])
def test_a_place_that_cannot_be_written_is_refused_in_one_line(
    place: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = place(tmp_path)
    before = [*tmp_path.iterdir()]
    with pytest.raises(UserError, match="cannot be written") as refused:
        save_safetensors(nn.Linear(2, 2), DATA, path)
    assert json.dumps(str(path))[1:-1] in str(refused.value)
    assert [*tmp_path.iterdir()] == before


def test_a_file_is_replaced_whole_or_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("as it was")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", _power_cut)
        with pytest.raises(UserError, match="No space left"):
            save_safetensors(nn.Linear(2, 2), DATA, path)
    assert path.read_text() == "as it was"
    save_safetensors(nn.Linear(2, 2), DATA, path)
    assert path.stat().st_size > 100
    assert [*tmp_path.iterdir()] == [path]


def _power_cut(_path: Path, _target: Path) -> None:
    raise OSError(28, "No space left on device")
