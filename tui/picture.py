"""The screen as a file: a picture in SVG, and the text that stands on it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from textual._compositor import LayoutUpdate
from textual.app import App

from core.errors import UserError


def save(app: App[Any], folder: Path, when: datetime) -> tuple[Path, Path]:
    """Save what is on the screen, called after the time; returns the picture and the text.

    No file is overwritten: a number is added to the name instead. Raises UserError if the files
    cannot be written.
    """
    contents = (app.export_screenshot(), text_of(app))
    app.screen.refresh()  # what was still to be painted, Textual takes to be painted now
    written: list[Path] = []
    try:
        paths = _free(folder.absolute(), f"gd-tui-{when:%Y-%m-%d-%H%M%S}")
        for path, content in zip(paths, contents, strict=True):
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(content)
    except OSError as fault:
        for path in written:
            with suppress(OSError):
                path.unlink()
        raise UserError(
            f"the screen cannot be saved in {str(folder)!r}: {fault.strerror or fault}; "
            "that must be a directory that can be written to"
        ) from None
    return paths


def text_of(app: App[Any]) -> str:
    """What stands on the screen, line by line, without colours and trailing blanks."""
    drawn = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(drawn, LayoutUpdate)
    lines = ("".join(strip.text for strip in line).rstrip() for line in drawn.strips)
    return "".join(f"{line}\n" for line in lines)


def _free(folder: Path, name: str) -> tuple[Path, Path]:
    """A pair of paths at which there is nothing yet."""
    for number in count(1):
        stem = name if number == 1 else f"{name}-{number}"
        picture, text = folder / f"{stem}.svg", folder / f"{stem}.txt"
        if not any(path.is_symlink() or path.exists() for path in (picture, text)):
            return picture, text
    raise AssertionError("numbers end")
