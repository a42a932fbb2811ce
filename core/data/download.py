"""Fetch a file from the network: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

SECONDS_OF_SILENCE = 30
CHUNK = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class Archive:
    """A file on the network: its name, its MD5, and the addresses to try in turn."""

    name: str
    md5: str
    urls: tuple[str, ...]

    def is_in(self, folder: Path) -> bool:
        """Whether `folder` holds this file with the right contents."""
        file = folder / self.name
        return file.is_file() and _md5(file) == self.md5


def fetch(archive: Archive, folder: Path, report: Callable[[float], None]) -> None:
    """Put the archive into `folder`, unless it is there already.

    `report` is told the share that has arrived, from 0 to 1; what it raises ends the download.
    The file gets its name only once it is complete and its MD5 is right, so that half a file
    is never taken for a whole one. Raises OSError, with a reason for each address, if none
    served.
    """
    if archive.is_in(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{archive.name}.part"
    reasons = []
    try:
        for url in archive.urls:
            try:
                _retrieve(url, part, report)
            except (OSError, HTTPException) as fault:
                reasons.append(f"{url}: {fault}")
                continue
            if _md5(part) == archive.md5:
                part.replace(folder / archive.name)
                return
            reasons.append(f"{url}: what arrived is incomplete or damaged, its MD5 is wrong")
    finally:
        part.unlink(missing_ok=True)
    raise OSError("; ".join(reasons))


def _retrieve(url: str, target: Path, report: Callable[[float], None]) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "gd-tui"})
    with (
        urllib.request.urlopen(request, timeout=SECONDS_OF_SILENCE) as response,
        target.open("wb") as file,
    ):
        size = int(response.headers.get("Content-Length") or 0)
        report(0.0)
        while chunk := response.read(CHUNK):
            file.write(chunk)
            if size:
                report(min(1.0, file.tell() / size))


def _md5(file: Path) -> str:
    with file.open("rb") as opened:
        # Against damage, not against forgery: MD5 is what torchvision knows of these files.
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
