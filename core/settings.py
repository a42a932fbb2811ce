"""What a setting may hold: how its text is read, what is allowed, how its value is written.

The command line, the environment, the config file and the screen's editors all read through
these kinds, so a value is refused with the same words everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.errors import UserError, did_you_mean

# Digits, or groups of three of them: 60000, 60,000 and 60_000, but not 6,0.
_WHOLE = re.compile(r"[+-]?(\d{1,3}([,_]\d{3})+|\d{1,30})", re.ASCII)


class Kind(Protocol):
    """How the values of a setting are read, checked and written."""

    @property
    def allowed(self) -> str:
        """What may be given, in words: "a number from 0 to 1"."""
        ...

    def parse(self, text: object) -> Any:
        """The value that `text` stands for; raises UserError, saying what is allowed."""
        ...

    def write(self, value: Any) -> str:
        """The value as a person would type it."""
        ...


def refuse(given: object, allowed: str) -> UserError:
    shown = repr(given) if isinstance(given, str) else str(given)
    return UserError(f"{shown[:80]} is not allowed: it must be {allowed}")


@dataclass(frozen=True, slots=True)
class Number:
    """A real number between `low` and `high`; `open_low` and `open_high` exclude the bounds."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False
    unit: str = ""

    @property
    def allowed(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if math.isinf(self.high):
            return f"a number {'above' if self.open_low else 'of at least'} {self.low:,g}{unit}"
        high = f"{self.high:,.15g}"  # in full: 1,000,000,000
        lower = f"above {self.low:,g}" if self.open_low else f"from {self.low:,g}"
        upper = f"and below {high}" if self.open_high else f"up to {high}"
        return f"a number {lower} {upper}{unit}"

    def parse(self, text: object) -> float:
        try:
            value = float(str(text).strip())
        except ValueError:
            raise refuse(text, self.allowed) from None
        too_low = value <= self.low if self.open_low else value < self.low
        too_high = value >= self.high if self.open_high else value > self.high
        if not math.isfinite(value) or too_low or too_high:
            raise refuse(text, self.allowed)
        return value

    def write(self, value: float) -> str:
        return f"{value:.6g}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between `low` and `high`; thousands may be separated by , or _."""

    low: int
    high: int | None = None

    @property
    def allowed(self) -> str:
        if self.high is None:
            return f"a whole number of at least {self.low:,}"
        return f"a whole number from {self.low:,} to {self.high:,}"

    def parse(self, text: object) -> int:
        if isinstance(text, bool):
            raise refuse(text, self.allowed)
        digits = str(text).strip()
        if not _WHOLE.fullmatch(digits):
            raise refuse(text, self.allowed)
        value = int(digits.replace(",", "").replace("_", ""))
        if value < self.low or (self.high is not None and value > self.high):
            raise refuse(text, self.allowed)
        return value

    def write(self, value: int) -> str:
        return f"{value:,}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One name out of several; a near miss is answered with the name it resembles.

    The names are read when they are asked for: a table of them may grow.
    """

    table: Collection[str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table)

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.names)

    def parse(self, text: object) -> str:
        given = str(text).strip()
        name = given.lower().replace("_", "-")
        for wanted in (name, given):
            if wanted in self.table:
                return wanted
        raise UserError(f"{refuse(text, self.allowed)}{did_you_mean(name, self.names)}")

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Name:
    """What somebody calls a thing."""

    longest: int = 24

    @property
    def allowed(self) -> str:
        return f"a name of 1 to {self.longest} characters"

    def parse(self, text: object) -> str:
        name = " ".join(str(text).split())
        if not 1 <= len(name) <= self.longest or not name.isprintable():
            raise refuse(text, self.allowed)
        return name

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """On or off."""

    @property
    def allowed(self) -> str:
        return "on or off"

    def parse(self, text: object) -> bool:
        word = str(text).strip().lower()
        if word in ("on", "yes", "true", "1", "1.0"):
            return True
        if word in ("off", "no", "false", "0", "0.0"):
            return False
        raise refuse(text, self.allowed)

    def write(self, value: bool) -> str:
        return "on" if value else "off"


@dataclass(frozen=True, slots=True)
class Text:
    """Any text, such as the name of a column."""

    allowed: str
    longest: int = 1_000

    def parse(self, text: object) -> str:
        given = str(text)
        if not given.strip() or len(given) > self.longest or not given.isprintable():
            raise refuse(text, self.allowed)
        return given

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Optional:
    """A setting that may be left open, which the word `none` (or an empty text) does."""

    kind: Kind
    absent: str = "none"

    @property
    def allowed(self) -> str:
        return f"{self.kind.allowed}, or {self.absent}"

    def parse(self, text: object) -> Any:
        if text is None or str(text).strip().lower() in ("", "none", self.absent):
            return None
        try:
            return self.kind.parse(text)
        except UserError as fault:
            if isinstance(self.kind, Choice):
                raise
            raise refuse(text, self.allowed) from fault

    def write(self, value: Any) -> str:
        return self.absent if value is None else self.kind.write(value)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be chosen: its name, what it may hold, and what it means.

    `live` settings take effect at the next safe point of a run; the others need a new run.
    """

    name: str
    kind: Kind
    default: Any
    meaning: str
    label: str = field(default="")
    live: bool = True

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def title(self) -> str:
        return self.label or self.name.replace("_", " ")

    def parse(self, text: object) -> Any:
        """The checked value of `text`; a UserError names this setting."""
        try:
            return self.kind.parse(text)
        except UserError as fault:
            raise UserError(f"{self.title}: {fault.message}", setting=self.name) from None
