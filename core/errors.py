"""Faults that the person at the keyboard can mend."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Something that was given cannot be used.

    Its text is one line: what was wrong and what is allowed. `source` says where it was read
    from (a flag, an environment variable, a file), once that is known; until then `setting`,
    the name of the setting to blame, lets whoever read it say so.
    """

    def __init__(
        self, message: str, source: str | None = None, *, setting: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.source = source
        self.setting = setting

    def at(self, source: str) -> UserError:
        """The same fault, said with the place it was read from."""
        return UserError(self.message, source, setting=self.setting)

    def __str__(self) -> str:
        return f"{self.message} (from {self.source})" if self.source else self.message


class TrainingError(Exception):
    """Training ended as nobody asked: it diverged, or an error ended it. Its text is one line."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """ " (did you mean sgd?)": the one of `names` that `name` resembles; "" if none does."""
    near = get_close_matches(name, names, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
