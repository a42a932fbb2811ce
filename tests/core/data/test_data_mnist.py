"""The bundled MNIST is the one that torchvision would give, and damage to it is noticed."""

from __future__ import annotations

import gzip
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.data.catalog import DATA_SETS
from core.data.dataset import Dataset
from core.data.load import load, untold
from core.data.mnist import load_mnist
from core.data.placing import place
from core.data.torchvision_import import import_datasets
from core.errors import UserError

FILES = tuple(
    f"{half}-{content}-ubyte.gz"
    for half in ("train", "t10k")
    for content in ("images-idx3", "labels-idx1")
)


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return place(load(RunConfig()), RunConfig(), torch.device("cpu"), untold)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same files, unpacked, where torchvision looks for them."""
    root = tmp_path_factory.mktemp("torchvision")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in FILES:
        packed = (resources.files("core.data") / "mnist" / name).read_bytes()
        (raw / name.removesuffix(".gz")).write_bytes(gzip.decompress(packed))
    return root


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the bundled folder, to be damaged."""
    with resources.as_file(resources.files("core.data") / "mnist") as bundled:
        return Path(shutil.copytree(bundled, tmp_path / "mnist"))


@pytest.mark.parametrize("train", [True, False])
def test_every_element_equals_torchvision_with_the_chapters_transforms(
    mnist: Dataset, unpacked: Path, train: bool
) -> None:
    datasets = import_datasets()
    from torchvision import transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    theirs = datasets.MNIST(root=unpacked, train=train, transform=transform)
    half = mnist.train if train else mnist.test
    # What the transforms make of each shade: they treat every pixel by itself.
    shades = transform(np.arange(256, dtype=np.uint8).reshape(16, 16, 1)).flatten()
    assert torch.equal(half.inputs[:, 0], shades[theirs.data.long()])
    assert half.targets.tolist() == theirs.targets.tolist()
    for row in range(0, len(theirs), 100):
        image, label = theirs[row]
        assert torch.equal(half.inputs[row], image)
        assert half.targets[row] == label


def test_shapes_and_types_are_those_of_resident_tensors(mnist: Dataset) -> None:
    assert mnist.train.inputs.shape == (60_000, 1, 28, 28)
    assert mnist.test.inputs.shape == (10_000, 1, 28, 28)
    assert mnist.train.inputs.dtype == mnist.test.inputs.dtype == torch.float32
    assert mnist.train.inputs.is_contiguous()
    assert mnist.train.targets.dtype == mnist.test.targets.dtype == torch.int64
    assert mnist.spec is DATA_SETS["mnist"]


def test_every_class_has_its_known_number_of_examples(mnist: Dataset) -> None:
    assert mnist.train.targets.bincount().tolist() == [
        *(5923, 6742, 5958, 6131, 5842),
        *(5421, 5918, 6265, 5851, 5949),
    ]


def test_the_pixels_to_draw_are_those_that_stand_in_the_file(
    mnist: Dataset, unpacked: Path
) -> None:
    theirs = import_datasets().MNIST(unpacked, train=False).data.numpy()
    assert np.array_equal(mnist.pictures(torch.arange(10_000)), theirs)


def test_the_data_can_be_put_on_a_device() -> None:
    moved = place(load(RunConfig()), RunConfig(), torch.device("meta"), untold)
    tensors = (moved.train.inputs, moved.train.targets, moved.test.inputs, moved.test.targets)
    assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_a_whole_copy_in_another_folder_is_read(mnist: Dataset, copy: Path) -> None:
    assert torch.equal(load_mnist(copy).test.inputs, mnist.test.inputs)


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_is_an_error_that_names_the_file_and_what_to_do(
    copy: Path, name: str
) -> None:
    damaged = bytearray((copy / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (copy / name).write_bytes(damaged)
    with pytest.raises(UserError, match=r"is damaged .* install gd-tui again") as fault:
        load_mnist(copy)
    assert str(copy / name) in fault.value.message


def test_a_file_cut_short_is_damaged(copy: Path) -> None:
    name = "train-images-idx3-ubyte.gz"
    (copy / name).write_bytes((copy / name).read_bytes()[:-1000])
    with pytest.raises(UserError, match=f"{name} is damaged"):
        load_mnist(copy)


@pytest.mark.parametrize("name", [*FILES, "SHA256SUMS"])
def test_a_missing_file_is_an_error_that_names_it_and_what_to_do(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing; install gd-tui again"):
        load_mnist(copy)


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(copy: Path) -> None:
    name = "t10k-labels-idx1-ubyte.gz"
    (copy / name).unlink()
    (copy / name).mkdir()
    with pytest.raises(UserError, match=f"{name} cannot be read"):
        load_mnist(copy)


def test_loading_says_what_it_reads() -> None:
    told: list[tuple[str, float]] = []
    load(RunConfig(), progress=lambda what, share: told.append((what, share)))
    assert told == [("reading MNIST", 0.0)]
