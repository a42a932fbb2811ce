"""How own data is refused: one line that says which data, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import UserError

MOST_NAMED = 3


def refused(data: object, why: str) -> UserError:
    """The fault for a file, a folder or a reference that cannot be learned from."""
    return UserError(f"data: {data}: {why}", setting="data")


def printable(text: str) -> str:
    """The text with all that a terminal might obey, such as an escape, spelled out."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def counted(count: int, noun: str, nouns: str = "") -> str:
    """ "1 image", "2,000 images", "2 classes"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def some_of(names: Sequence[object]) -> str:
    """The first few of these, and how many more there are: "a, b, c and 4 more"."""
    named = ", ".join(map(str, names[:MOST_NAMED]))
    more = len(names) - MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
