"""Folders of images: the chapter's numbers, given and made halves, images that are damaged."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.commands import FinishEpoch
from core.config import RunConfig
from core.data.load import untold
from core.data.mnist import load_mnist
from core.data.own.pictures import Pictures
from core.data.placing import place
from core.errors import UserError
from core.run import Run
from tests.core.conftest import NO_KERNELS, work_off
from tests.core.data.own_files import in_files, in_memory, pixels, read, write_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten grey images of cats and ten of dogs, 5 pixels high and 4 wide."""
    for number, name in enumerate(("cat", "dog")):
        write_images(tmp_path / "pets" / name, pixels(10, 5, 4, seed=number))
    return tmp_path / "pets"


def test_mnist_written_as_png_files_is_mnist_bit_for_bit(tmp_path: Path) -> None:
    mnist = in_memory(load_mnist().train)
    raw = ((mnist.inputs[:60, 0] * 0.5 + 0.5) * 255).round().to(torch.uint8).numpy()
    for number, label in enumerate(mnist.targets[:60].tolist()):
        place = tmp_path / "train" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(raw[number]).save(place / f"{number:02}.png")
    for label in range(10):
        write_images(tmp_path / "test" / str(label), raw[:1])
    train = in_files(read(tmp_path).train)
    assert isinstance(train.examples, Pictures)
    for index, file in enumerate(train.examples.files):
        number = int(Path(file).stem)
        inputs, label = train.examples[index]
        assert torch.equal(inputs, mnist.inputs[number])
        assert label == train.targets[index] == mnist.targets[number]


def test_folders_are_the_classes_and_halves_are_made_of_them(folder: Path) -> None:
    found = read(folder, test_share=0.3)
    assert found.spec.classes == ("cat", "dog")
    assert found.spec.shape == (1, 5, 4)
    assert found.spec.levels == (-1, 1)
    assert (found.spec.train, found.spec.test) == (14, 6)
    assert torch.bincount(found.test.targets).tolist() == [3, 3]
    assert found.remarks == ()


def test_the_same_folder_gives_the_same_order_and_another_seed_another(folder: Path) -> None:
    def files(seed: int) -> tuple[str, ...]:
        examples = in_files(read(folder, split_seed=seed).train).examples
        assert isinstance(examples, Pictures)
        return examples.files

    assert files(0) == files(0)
    assert files(0) != files(1)


@pytest.mark.parametrize("names", [("train", "test"), ("Training", "validation")])
def test_folders_of_halves_are_taken_as_they_are(tmp_path: Path, names: tuple[str, str]) -> None:
    for half, count in zip(names, (6, 3), strict=True):
        for name in ("a", "b"):
            write_images(tmp_path / half / name, pixels(count, 4, 4))
    found = read(tmp_path)
    assert (found.spec.train, found.spec.test) == (12, 6)
    assert found.spec.classes == ("a", "b")
    assert found.train.targets.tolist() != sorted(found.train.targets.tolist())


def test_one_coloured_image_makes_all_of_them_coloured(folder: Path) -> None:
    write_images(folder / "bird", pixels(4, 5, 4, 3))
    found = read(folder)
    assert found.spec.shape == (3, 5, 4)
    inputs, _ = in_files(found.train).examples[0]
    assert inputs.shape == (3, 5, 4)


def test_images_of_another_size_become_like_the_first_and_it_is_said(folder: Path) -> None:
    write_images(folder / "dog" / "large", pixels(2, 20, 30))
    found = read(folder)
    assert found.spec.shape == (1, 5, 4)
    assert found.remarks == ("2 of 22 images resized to 5x4 pixels, not keeping their aspect",)


def test_a_size_that_was_asked_for_resizes_as_pillow_does(folder: Path) -> None:
    found = in_files(read(folder, image_size="3x2").train)
    assert isinstance(found.examples, Pictures)
    assert found.shape == (1, 3, 2)
    with Image.open(found.examples.files[0]) as image:
        small = np.asarray(image.resize((2, 3), Image.Resampling.BILINEAR))
    expected = (torch.from_numpy(small.copy()) / 255 - 0.5) / 0.5
    assert torch.equal(found.examples[0][0][0], expected)


def test_sixteen_bits_of_grey_become_eight(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(3):
            deep = np.full((4, 4), 257 * 100, np.uint16)
            Image.fromarray(deep).save(tmp_path / name / f"{number}.png")
    inputs, _ = in_files(read(tmp_path).train).examples[0]
    assert torch.allclose(inputs, torch.tensor((100 / 255 - 0.5) / 0.5))


def test_unreadable_images_are_counted_named_and_skipped(folder: Path) -> None:
    whole = (folder / "cat" / "0.png").read_bytes()
    (folder / "cat" / "half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "dog" / "text.jpg").write_text("not an image")
    (folder / "dog" / "empty.png").touch()
    write_images(folder / "dog" / "more", pixels(1, 40, 40), ".jpg")
    jpeg = folder / "dog" / "more" / "0.jpg"
    jpeg.write_bytes(jpeg.read_bytes()[:-40])
    found = read(folder)
    assert found.spec.train + found.spec.test == 20
    (said,) = found.remarks
    assert said.startswith("4 of 24 images cannot be read: cat/half.png (")
    assert "and 1 more; left out" in said
    with pytest.raises(UserError, match="4 of 24 images cannot be read") as fault:
        read(folder, unreadable="refuse")
    assert fault.value.setting == "unreadable"


def test_a_link_that_leads_to_itself_is_no_class(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "cat" / "again").symlink_to("../cat")
    found = read(folder)
    assert found.spec.classes == ("cat", "dog")
    assert found.spec.train + found.spec.test == 20


def test_a_target_is_said_to_have_no_effect(folder: Path) -> None:
    said = "target kind has no effect: only tables have columns"
    assert read(folder, target="kind").remarks == (said,)


def test_an_image_that_vanishes_later_is_grey_and_noted(folder: Path) -> None:
    examples = in_files(read(folder).train).examples
    assert isinstance(examples, Pictures)
    Path(examples.files[3]).unlink()
    assert torch.equal(examples[3][0], torch.zeros(1, 5, 4))
    assert examples[2][0].any()
    assert examples.lost.nonzero().tolist() == [[3]]


def test_other_processes_can_read_the_images(folder: Path) -> None:
    examples = in_files(read(folder).train).examples
    copy = pickle.loads(pickle.dumps(examples))
    assert torch.equal(copy[5][0], examples[5][0])


def test_files_that_are_no_images_and_hidden_folders_are_passed_over(folder: Path) -> None:
    (folder / "readme.txt").write_text("cats and dogs")
    (folder / "cat" / "notes.csv").write_text("a,b\n")
    write_images(folder / ".thumbnails", pixels(3, 2, 2))
    found = read(folder)
    assert found.spec.train + found.spec.test == 20
    assert found.remarks == ()


def test_a_folder_without_images_is_no_class_and_that_is_said(folder: Path) -> None:
    (folder / "bird").mkdir()
    found = read(folder)
    assert found.spec.classes == ("cat", "dog")
    assert found.remarks == ("folders without images left out: bird",)


def _empty(folder: Path) -> None:
    folder.mkdir()


def _classes_without_images(folder: Path) -> None:
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()


def _one_class(folder: Path) -> None:
    write_images(folder / "cat", pixels(5, 3, 3))


def _nothing_readable(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "0.png").write_text("x")


def _class_of_the_test_half_alone(folder: Path) -> None:
    for half, names in (("train", "ab"), ("test", "abc")):
        for name in names:
            write_images(folder / half / name, pixels(2, 3, 3))


def _too_large(folder: Path) -> None:
    for name in ("a", "b"):
        write_images(folder / name, pixels(2, 600, 700))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_empty, "no sub-folders"),
        (_classes_without_images, "no images in its 2 sub-folders"),
        (_one_class, "all training examples are of one class, cat"),
        (_nothing_readable, "none of its images can be read"),
        (_class_of_the_test_half_alone, "classes that the training half lacks: c"),
        (_too_large, "600x700 pixels.*--image-size"),
    ],
)
def test_a_folder_that_cannot_be_learned_from_is_refused_in_a_line(
    tmp_path: Path, make: object, words: str
) -> None:
    assert callable(make)
    make(tmp_path / "images")
    with pytest.raises(UserError, match=words) as fault:
        read(tmp_path / "images")
    assert str(tmp_path / "images") in str(fault.value)


def test_a_folder_of_images_is_no_regression(folder: Path) -> None:
    with pytest.raises(UserError, match="no regression"):
        read(folder, task="regression")


def test_a_run_says_which_files_it_has_lost(folder: Path) -> None:
    found = read(folder)
    config = replace(RunConfig(), residence="streamed", workers=0, eval_every=None)
    data = place(found, config, torch.device("cpu"), untold)
    run = Run("run 1", config, data, NO_KERNELS)
    work_off(run)
    gone = Path(in_files(found.train).examples.files[3])  # type: ignore[attr-defined]
    gone.unlink()
    for _ in range(2):
        run.obey(FinishEpoch())
        work_off(run)
    said = [event.text for event in run.trainer.record.events if event.what == "data"]
    assert said == [
        f"data 1 file cannot be read any more: {gone.name}; a grey picture stands for each"
    ]
