"""torchvision's data sets, on small files in each set's own format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.data import load as entry
from core.data.catalog import DATA_SETS
from core.data.torchvision_import import import_datasets
from core.errors import UserError
from tests.core.data.small_sets import TEST, TRAIN, SmallSet, small_set

NAMES = tuple(name for name in DATA_SETS if name != "mnist")


@pytest.fixture(params=NAMES)
def small(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSet:
    """Each of the sets in turn."""
    return small_set(request.param, tmp_path, monkeypatch)


@pytest.fixture
def kmnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSet:
    """One of them, where the sets do not differ."""
    return small_set("kmnist", tmp_path, monkeypatch)


def test_a_set_is_downloaded_and_read(small: SmallSet) -> None:
    data = small.load()
    assert data.spec is small.spec
    assert data.train.inputs.shape == (TRAIN, *small.spec.shape)
    assert data.test.inputs.shape == (TEST, *small.spec.shape)
    assert data.train.targets.tolist() == small.labels[0].tolist()
    assert data.test.targets.tolist() == small.labels[1].tolist()
    assert np.array_equal(data.pictures(torch.arange(TEST)), small.pixels[1])


def test_images_are_normalised_as_the_chapters_transforms_do(small: SmallSet) -> None:
    data = small.load()
    from torchvision import transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    for ours, pixels in (
        (data.train.inputs, small.pixels[0]),
        (data.test.inputs, small.pixels[1]),
    ):
        assert torch.equal(ours, torch.stack([transform(image) for image in pixels]))


def test_progress_names_each_file_and_grows_to_the_whole(small: SmallSet) -> None:
    told: list[tuple[str, float]] = []
    small.load(lambda what, share: told.append((what, share)))
    for number, name in enumerate(small.archives, start=1):
        of = len(small.archives)
        what = f"downloading {small.spec.title}, file {number} of {of}: {name}"
        shares = [share for said, share in told if said == what]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_downloading_writes_nothing_to_the_terminal(
    small: SmallSet, capfd: pytest.CaptureFixture[str]
) -> None:
    small.load()
    assert capfd.readouterr() == ("", "")


def test_the_second_time_needs_no_download(small: SmallSet) -> None:
    first = small.load()
    small.go_offline()
    told: list[str] = []
    again = small.load(lambda what, _share: told.append(what))
    assert torch.equal(again.train.inputs, first.train.inputs)
    assert told == [f"reading {small.spec.title}"]


def test_files_put_there_by_hand_need_no_download(small: SmallSet) -> None:
    small.put_by_hand()
    small.go_offline()
    assert small.load().train.targets.tolist() == small.labels[0].tolist()


def test_offline_the_error_says_which_files_to_put_where(small: SmallSet) -> None:
    small.go_offline()
    with pytest.raises(UserError) as fault:
        small.load()
    said = fault.value.message
    assert said.startswith(f"{small.spec.title} could not be downloaded")
    assert f"put {', '.join(small.archives)} (from " in said
    assert f"into the folder {small.place} by hand" in said
    assert "\n" not in said


def test_no_network_is_told_in_the_same_way(
    kmnist: SmallSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = import_datasets().KMNIST
    monkeypatch.setattr(kind, "mirrors", ["http://localhost/", "https://localhost/"])
    with pytest.raises(UserError, match=r"could not be downloaded .*network is out of reach"):
        kmnist.load()


def test_the_next_mirror_is_tried(kmnist: SmallSet, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = import_datasets().KMNIST
    monkeypatch.setattr(kind, "mirrors", ["http://localhost/", *kind.mirrors])
    assert kmnist.load().test.targets.tolist() == kmnist.labels[1].tolist()


def test_a_wrong_file_in_place_is_downloaded_anew(small: SmallSet) -> None:
    small.put_by_hand()
    for name in small.archives:
        (small.place / name).write_bytes(b"half a file")
    assert small.load().train.targets.tolist() == small.labels[0].tolist()


def test_a_wrong_file_in_place_is_named_when_offline(small: SmallSet) -> None:
    small.put_by_hand()
    small.go_offline()
    (small.place / small.archives[0]).write_bytes(b"half a file")
    with pytest.raises(UserError, match=f"as {small.archives[0]} has the wrong MD5"):
        small.load()


def test_what_arrives_damaged_is_refused_and_not_kept(small: SmallSet) -> None:
    served = small.published / small.archives[0]
    served.write_bytes(served.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"could not be downloaded .*its MD5 is wrong"):
        small.load()
    assert not [file for file in small.cache.rglob("*") if file.is_file()]


def test_a_download_that_is_broken_off_leaves_no_file_behind(small: SmallSet) -> None:
    class LeavingError(Exception):
        pass

    def leave(_what: str, share: float) -> None:
        if share:
            raise LeavingError

    with pytest.raises(LeavingError):
        small.load(leave)
    assert not [file for file in small.cache.rglob("*") if file.is_file()]


def test_an_unpacked_file_cut_short_is_unpacked_again(small: SmallSet) -> None:
    first = small.load()
    small.go_offline()
    unpacked = [
        file
        for file in small.cache.rglob("*")
        if file.is_file() and file.name not in small.archives
    ]
    for file in unpacked:
        file.write_bytes(file.read_bytes()[:-1])
    assert torch.equal(small.load().train.inputs, first.train.inputs)


def test_a_set_of_another_size_is_refused(
    kmnist: SmallSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DATA_SETS, "kmnist", replace(kmnist.spec, train=TRAIN + 1))
    with pytest.raises(UserError, match="10 images and 10 labels where there should be 11"):
        kmnist.load()


def test_of_emnist_only_the_digits_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emnist = small_set("emnist-digits", tmp_path, monkeypatch)
    emnist.load()
    assert not list(emnist.cache.rglob("*letters*"))
    assert len(list(emnist.cache.rglob("emnist-digits-*-ubyte"))) == 4


def test_a_folder_that_cannot_be_written_is_told(kmnist: SmallSet) -> None:
    kmnist.cache.write_text("a file where the folder should be")
    with pytest.raises(UserError, match="KMNIST could not be downloaded"):
        kmnist.load()


def test_the_cache_is_the_users_cache_directory_unless_told_otherwise(
    kmnist: SmallSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "core.data.torchvision_sets.user_cache_path", lambda name, **_: tmp_path / name
    )
    entry.load(replace(RunConfig(), data="kmnist"))
    assert (tmp_path / "gd-tui" / "KMNIST" / "raw" / kmnist.archives[0]).is_file()
