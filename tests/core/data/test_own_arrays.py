"""Arrays in files: what becomes of pictures, matrices and targets, and that nothing is executed."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.data.dataset import normalised
from core.errors import UserError
from tests.core.data.own_files import in_memory, pixels, read

LABELS = np.arange(20) % 4
HALVES = {
    "x_train": pixels(12, 4, 4),
    "y_train": LABELS[:12],
    "x_test": pixels(8, 4, 4, seed=1),
    "y_test": LABELS[:8],
}


def save_npz(file: Path, arrays: dict[str, Any]) -> None:
    np.savez(file, **arrays)


def save_pt(file: Path, arrays: dict[str, Any]) -> None:
    torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, file)


def save_safetensors(file: Path, arrays: dict[str, Any]) -> None:
    save_file({name: torch.from_numpy(array) for name, array in arrays.items()}, file)


FORMATS = {".npz": save_npz, ".pt": save_pt, ".safetensors": save_safetensors}
Save = Callable[[Path, dict[str, Any]], None]


@pytest.fixture(params=FORMATS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Save]:
    """A file of each format, and what writes arrays into it."""
    return tmp_path / f"mine{request.param}", FORMATS[request.param]


def test_halves_in_a_file_are_the_halves_and_bytes_are_pixels(file: tuple[Path, Save]) -> None:
    path, save = file
    save(path, HALVES)
    found = read(path)
    assert torch.equal(in_memory(found.train).inputs, normalised(HALVES["x_train"]))
    assert torch.equal(in_memory(found.test).inputs, normalised(HALVES["x_test"]))
    assert found.train.targets.tolist() == LABELS[:12].tolist()
    assert found.spec.classes == ("0", "1", "2", "3")
    assert (found.spec.shape, found.spec.levels) == ((1, 4, 4), (-1, 1))


@pytest.mark.parametrize(
    "names",
    [("x", "y"), ("X", "Y"), ("inputs", "targets"), ("Images", "Labels"), ("data", "target")],
)
def test_of_examples_in_one_piece_halves_are_made(
    file: tuple[Path, Save], names: tuple[str, str]
) -> None:
    path, save = file
    images = pixels(20, 4, 4)
    save(path, {names[0]: images, names[1]: LABELS})
    found = read(path, test_share=0.4)
    assert (found.spec.train, found.spec.test) == (12, 8)
    assert torch.bincount(found.test.targets).tolist() == [2, 2, 2, 2]
    known = {image.tobytes(): label for image, label in zip(images, LABELS, strict=True)}
    train = in_memory(found.train)
    shades = ((train.inputs[:, 0] * 0.5 + 0.5) * 255).round().to(torch.uint8).numpy()
    for image, label in zip(shades, train.targets.tolist(), strict=True):
        assert known[image.tobytes()] == label


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 4), (1, 5, 4)),
        ((5, 4, 3), (3, 5, 4)),
        ((3, 5, 4), (3, 5, 4)),
        ((1, 5, 4), (1, 5, 4)),
        ((5, 4, 1), (1, 5, 4)),
    ],
)
def test_pictures_have_their_channels_first(
    tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    images = pixels(20, *shape)
    np.savez(tmp_path / "a.npz", x=images, y=LABELS)
    np.savez(tmp_path / "b.npz", x=images.astype(np.int32), y=LABELS)
    as_bytes, as_numbers = read(tmp_path / "a.npz"), read(tmp_path / "b.npz")
    assert as_bytes.spec.shape == expected
    if len(shape) == 3:  # whole numbers in two dimensions may be anything, if not square
        assert torch.equal(in_memory(as_bytes.train).inputs, in_memory(as_numbers.train).inputs)


def test_a_matrix_is_standardised_by_its_training_half(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(20, 3)) * [1, 100, 1e-3] + [0, 5, 7]
    matrix[:, 1] = 4.0
    np.savez(tmp_path / "a.npz", x_train=matrix[:15], y_train=LABELS[:15], x_test=matrix[15:],
             y_test=LABELS[15:])  # fmt: skip
    found = read(tmp_path / "a.npz")
    mean, deviation = matrix[:15].mean(0), matrix[:15].std(0)
    deviation[1] = 1
    expected = torch.from_numpy((matrix[15:] - mean) / deviation).float()
    torch.testing.assert_close(in_memory(found.test).inputs, expected)
    assert in_memory(found.train).inputs[:, 1].tolist() == [0.0] * 15
    assert "1 input the same in all training examples, so always 0: column 2" in found.remarks


def test_small_float_pictures_stay_and_large_ones_are_brought_to_the_chapters_range(
    tmp_path: Path,
) -> None:
    images = np.random.default_rng(0).random((20, 6, 6)).astype(np.float32)
    np.savez(tmp_path / "small.npz", x_train=images, y_train=LABELS, x_test=images, y_test=LABELS)
    np.savez(tmp_path / "large.npz", x_train=images * 300, y_train=LABELS, x_test=images,
             y_test=LABELS)  # fmt: skip
    small, large = read(tmp_path / "small.npz"), read(tmp_path / "large.npz")
    assert torch.equal(in_memory(small.train).inputs[:, 0], torch.from_numpy(images))
    assert small.spec.levels == (float(images.min()), float(images.max()))
    assert large.spec.levels == (-1, 1)
    assert float(in_memory(large.train).inputs.min()) == -1
    assert float(in_memory(large.train).inputs.max()) == pytest.approx(1)
    assert any("are brought to -1 to 1" in said for said in large.remarks)


def test_what_was_measured_over_time_keeps_its_shape_and_is_no_picture(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).random((20, 2, 9)), y=LABELS)
    found = read(tmp_path / "a.npz")
    assert (found.spec.shape, found.spec.levels) == ((2, 9), None)


def test_other_numbers_are_to_be_told_on_a_scale_that_is_said(tmp_path: Path) -> None:
    prices = np.linspace(1e5, 5e5, 20)
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).random((20, 3)), y=prices)
    found = read(tmp_path / "a.npz")
    told = found.train.targets
    assert (found.spec.classes, found.spec.targets) == ((), ("target",))
    assert told.shape == (16, 1)
    assert told.mean().item() == pytest.approx(0, abs=1e-6)
    assert told.std(correction=0).item() == pytest.approx(1, abs=1e-6)
    assert any("target is standardised: 0 is " in said for said in found.remarks)
    in_own_units = read(tmp_path / "a.npz", loss="poisson-nll")
    assert in_own_units.train.targets.min() >= 1e5


def test_the_task_that_was_asked_for_decides(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((20, 3))
    np.savez(tmp_path / "whole.npz", x=x, y=LABELS)
    np.savez(tmp_path / "float.npz", x=x, y=LABELS.astype(np.float64))
    assert read(tmp_path / "whole.npz", task="regression").spec.targets == ("target",)
    assert len(read(tmp_path / "float.npz", task="classification").spec.classes) == 4


def test_text_targets_are_classes_in_the_order_of_the_alphabet(tmp_path: Path) -> None:
    names = np.array(["dog", "cat"] * 10)
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).random((20, 3)), y=names)
    found = read(tmp_path / "a.npz")
    assert found.spec.classes == ("cat", "dog")


def test_a_class_without_training_examples_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=pixels(20, 4, 4), y=np.array([0, 3] * 10))
    assert read(tmp_path / "a.npz").remarks == ("no training example is of class 1, 2",)


@pytest.mark.parametrize("as_tensor", [False, True])
def test_of_a_matrix_alone_the_last_column_is_told(tmp_path: Path, as_tensor: bool) -> None:
    matrix = np.column_stack([np.random.default_rng(0).random((20, 3)), LABELS])
    path = tmp_path / ("a.pt" if as_tensor else "a.npy")
    if as_tensor:
        torch.save(torch.from_numpy(matrix), path)
    else:
        np.save(path, matrix)
    assert read(path).spec.shape == (3,)
    assert len(read(path).spec.classes) == 4
    assert read(path, task="regression").spec.targets == ("target",)
    matrix[:, -1] += 0.5
    np.save(tmp_path / "b.npy", matrix)
    assert read(tmp_path / "b.npy").spec.targets == ("target",)


def test_a_folder_may_have_a_file_for_each_half(tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", x=HALVES["x_train"], y=HALVES["y_train"])
    np.savez(tmp_path / "test.npz", x=HALVES["x_test"], y=HALVES["y_test"])
    found = read(tmp_path)
    assert (found.spec.train, found.spec.test) == (12, 8)


def test_a_tuple_of_tensors_is_inputs_and_targets(tmp_path: Path) -> None:
    torch.save((torch.from_numpy(pixels(20, 4, 4)), torch.from_numpy(LABELS)), tmp_path / "a.pt")
    assert read(tmp_path / "a.pt").spec.shape == (1, 4, 4)


class Trap:
    """An object whose unpickling leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def _pickled_npy(file: Path, trap: Trap) -> None:
    np.save(file, np.array([trap], dtype=object), allow_pickle=True)


def _pickled_npz(file: Path, trap: Trap) -> None:
    np.savez(file, x=np.array([trap], dtype=object), y=np.zeros(1))


def _bare_pickle(file: Path, trap: Trap) -> None:
    file.write_bytes(pickle.dumps(trap))


def _pickled_pt(file: Path, trap: Trap) -> None:
    torch.save({"x": trap}, file)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.npy", _pickled_npy),
        ("a.npz", _pickled_npz),
        ("b.npy", _bare_pickle),
        ("a.pt", _pickled_pt),
        ("b.pt", _bare_pickle),
    ],
)
def test_pickled_objects_are_refused_and_not_executed(
    tmp_path: Path, name: str, write: Callable[[Path, Trap], None]
) -> None:
    trace = tmp_path / "executed"
    write(tmp_path / name, Trap(trace))
    with pytest.raises(UserError, match=r"execute") as fault:
        read(tmp_path / name)
    assert "\n" not in str(fault.value)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Trap(trace)))  # the trap works
    assert trace.exists()


X = np.random.default_rng(0).random((20, 3))
NOT_FINITE = X.copy()
NOT_FINITE[4, 1] = np.nan
NOT_FINITE[7, 0] = np.inf


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": X}, r"it holds x; looked for were inputs \(x, .*x_train"),
        ({"a": X, "b": X}, "it holds a, b; looked for"),
        ({"x": X, "y": LABELS[:19]}, r"\(20, 3\) and \(19,\): not as many"),
        ({"x": X, "y": np.array(3)}, "not as many"),
        ({"x": X, "y": LABELS - 1}, "class of example 0, counted from 0, is -1"),
        ({"x": X, "y": LABELS * 10**6}, "--task regression"),
        ({"x": X, "y": LABELS * 0}, "of one class, 0: nothing to tell apart"),
        ({"x": X, "y": X[:, 0] * 0}, "target is the same in all"),
        ({"x": NOT_FINITE, "y": LABELS}, "NaN or infinity in the inputs of 2 examples.*example 4,"),
        ({"x": X, "y": NOT_FINITE[:, 1]}, "1 target NaN or infinite.*example 4,"),
        ({"x": X * 1j, "y": LABELS}, "type complex128 where numbers"),
        ({"x": X, "y": np.stack([LABELS, LABELS], 1)}, "are no classes"),
        ({"x": X[:0], "y": LABELS[:0]}, "nothing in them"),
        ({"x": X[:2], "y": LABELS[:2]}, "1 training and 1 test examples are too few"),
        ({**HALVES, "x_test": pixels(8, 5, 5)}, r"shapes \(4, 4\) and \(5, 5\), not the same"),
        ({**HALVES, "y_test": np.array(["a"] * 8)}, "targets of its halves are not alike"),
    ],
)
def test_arrays_that_cannot_be_learned_from_are_refused_in_a_line(
    tmp_path: Path, arrays: dict[str, Any], words: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match=words) as fault:
        read(tmp_path / "a.npz")
    assert str(tmp_path / "a.npz") in str(fault.value)


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_a_file_that_only_is_called_one_of_numpys_is_not_said_to_hold_objects(
    tmp_path: Path, suffix: str
) -> None:
    (tmp_path / f"a{suffix}").write_text("hello")
    with pytest.raises(UserError, match="it is not of NumPy's format"):
        read(tmp_path / f"a{suffix}")


def test_tensors_without_values_are_refused(tmp_path: Path) -> None:
    x = torch.rand(20, 3, device="meta")
    torch.save({"x": x, "y": torch.from_numpy(LABELS)}, tmp_path / "a.pt")
    with pytest.raises(UserError, match="sparse, quantised or without values; needed is a plain"):
        read(tmp_path / "a.pt")


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".pt", ".safetensors"])
@pytest.mark.parametrize("content", ["nothing", "noise", "half a file"])
def test_a_damaged_file_is_refused_in_a_line(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, X)
    else:
        FORMATS[suffix](path, {"x": X, "y": LABELS})
    whole = path.read_bytes()
    path.write_bytes({"nothing": b"", "noise": b"noise" * 50, "half a file": whole[:300]}[content])
    with pytest.raises(UserError, match=r"cannot be read|execute|it is empty") as fault:
        read(path)
    assert str(path) in str(fault.value)


def test_an_array_of_pictures_alone_has_nothing_to_tell(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", pixels(20, 4, 4))
    with pytest.raises(UserError, match="has no targets"):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["missing.npz", "missing", "a.xlsx"])
def test_what_is_not_there_or_of_another_kind_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(io.BytesIO(b"PK").getvalue())
    with pytest.raises(UserError, match=r"no such file|not read; what is: a folder of images"):
        read(tmp_path / name)
