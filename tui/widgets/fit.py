"""Words for the room there is."""

from __future__ import annotations


def fullest(width: int, *wordings: str) -> str:
    """The first of the wordings that fits into `width` columns; else the last."""
    return next((words for words in wordings if len(words) <= width), wordings[-1])


def cut(text: str, width: int, ascii: bool) -> str:
    """`text`, shortened to `width` columns if need be, and then ended by a sign that says so."""
    if len(text) <= width:
        return text
    return text[: max(width - 1, 0)].rstrip() + ("." if ascii else "…")[:width]
