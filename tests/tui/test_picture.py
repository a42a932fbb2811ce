"""The screen as files: all that stands on it, at every size, and nothing overwritten."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.errors import UserError
from core.snapshot import Loading, Snapshot
from tests.tui.piloted import Piloted, piloted
from tui.picture import save, text_of

WHEN = datetime(2026, 3, 9, 7, 5, 1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(on: Piloted) -> list[str]:
    return [str(each.message) for each in on.app._notifications]


async def test_s_saves_the_screen_twice_and_names_the_files(folder: Path) -> None:
    async with piloted() as on:
        before = on.text
        assert await on.press("s") == []
        text, picture = sorted(folder.iterdir(), key=lambda path: path.suffix, reverse=True)
        assert picture.suffix == ".svg"
        assert text.name == f"{picture.stem}.txt"
        datetime.strptime(picture.stem, "gd-tui-%Y-%m-%d-%H%M%S")
        assert said(on) == [f"saved as {picture.name} and {text.name} in {folder}"]
        lines = [line.rstrip() for line in before.splitlines()]
        assert text.read_text(encoding="utf-8").splitlines() == lines
        svg = ElementTree.parse(picture).getroot()
        assert svg.tag == "{http://www.w3.org/2000/svg}svg"
        assert without_blanks(before) in without_blanks("".join(svg.itertext()))


def without_blanks(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (60, 16), (80, 24), (200, 60)])
async def test_a_screen_of_any_size_is_saved_line_by_line(
    folder: Path, size: tuple[int, int]
) -> None:
    async with piloted(size=size) as on:
        picture, text = save(on.app, folder, WHEN)
        assert picture.exists()
        lines = text.read_text(encoding="utf-8").splitlines()
        assert len(lines) == size[1]
        assert max(map(len, lines)) <= size[0]


async def test_a_dialog_is_saved_with_what_lies_under_it(folder: Path) -> None:
    async with piloted() as on:
        await on.press("comma")
        _, text = on.app.save_picture()
        saved = text.read_text(encoding="utf-8")
        assert "train for how many updates?" in saved
        assert "SimpleNet 784-128-10" in saved
        await on.press("2", "escape")
        assert len([*folder.iterdir()]) == 2


async def test_the_palette_is_gone_from_the_picture_that_it_takes(folder: Path) -> None:
    async with piloted() as on:
        await on.press("ctrl+p", *"Save the screen")
        await on.pilot.pause(0.2)
        await on.press("enter")
        saved = next(folder.glob("*.txt")).read_text(encoding="utf-8")
        assert "Save the screen" not in saved
        assert "SimpleNet 784-128-10" in saved


async def test_the_screen_can_be_saved_while_things_load(folder: Path) -> None:
    async with piloted(shown=Snapshot(1, Loading("reading MNIST", 0.7))) as on:
        await on.press("s")
        assert "reading MNIST" in next(folder.glob("*.txt")).read_text(encoding="utf-8")


async def test_no_file_is_overwritten(folder: Path) -> None:
    (folder / "gd-tui-2026-03-09-070501-2.txt").write_text("somebody's notes")
    async with piloted() as on:
        pairs = [save(on.app, folder, WHEN) for _ in range(3)]
    names = [tuple(path.name for path in pair) for pair in pairs]
    assert names == [
        (f"gd-tui-2026-03-09-070501{number}.svg", f"gd-tui-2026-03-09-070501{number}.txt")
        for number in ("", "-3", "-4")
    ]
    assert (folder / "gd-tui-2026-03-09-070501-2.txt").read_text() == "somebody's notes"


async def test_a_folder_that_is_none_is_said_in_one_line(folder: Path) -> None:
    (folder / "file").touch()
    async with piloted() as on:
        for wrong in (folder / "file", folder / "missing"):
            with pytest.raises(UserError, match="the screen cannot be saved in") as refused:
                save(on.app, wrong, WHEN)
            assert "\n" not in str(refused.value)


async def test_a_current_directory_that_is_gone_is_said_on_the_screen(folder: Path) -> None:
    folder.rmdir()
    async with piloted() as on:
        await on.press("s")
        assert len(said(on)) == 1
        assert said(on)[0].startswith("the screen cannot be saved in '.': No such file")


async def test_a_file_that_cannot_be_written_to_its_end_is_not_left_behind(folder: Path) -> None:
    resource = pytest.importorskip("resource", reason="this system limits no file's size")
    size = resource.RLIMIT_FSIZE
    before = resource.getrlimit(size)
    async with piloted() as on:
        resource.setrlimit(size, (2000, before[1]))
        try:
            with pytest.raises(UserError, match="File too large"):
                save(on.app, folder, WHEN)
        finally:
            resource.setrlimit(size, before)
    assert [*folder.iterdir()] == []


async def test_the_text_has_no_colours_and_no_trailing_blanks() -> None:
    async with piloted() as on:
        text = text_of(on.app)
        assert "\x1b" not in text
        assert all(line == line.rstrip() for line in text.splitlines())
