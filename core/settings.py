"""What a setting may hold: how its text is read, what is allowed, how its value is written.

The command line, the environment, the config file and the screen's editors all read through
these kinds, so a value is refused with the same words everywhere.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
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
class Widths:
    """The widths of a perceptron's hidden layers, first to last: "256,128"."""

    most_layers: int = 20
    widest: int = 65_536

    @property
    def allowed(self) -> str:
        return (
            f"up to {self.most_layers} widths from 1 to {self.widest:,}, separated by commas "
            "(such as 256,128)"
        )

    def parse(self, text: object) -> tuple[int, ...]:
        parts: Iterable[object] = text if isinstance(text, tuple | list) else str(text).split(",")
        width = Whole(1, self.widest)
        try:
            widths = tuple(width.parse(part) for part in parts)
        except UserError:
            raise refuse(text, self.allowed) from None
        if not 1 <= len(widths) <= self.most_layers:
            raise refuse(text, self.allowed)
        return widths

    def write(self, value: tuple[int, ...]) -> str:
        return ",".join(map(str, value))


@dataclass(frozen=True, slots=True)
class Size:
    """Height and width in pixels: "28" for a square, "28x32"."""

    largest: int = 4096

    @property
    def allowed(self) -> str:
        return f"a height and a width from 1 to {self.largest:,} pixels, such as 28 or 28x32"

    def parse(self, text: object) -> tuple[int, int]:
        parts = list(text) if isinstance(text, tuple | list) else str(text).lower().split("x")
        pixels = Whole(1, self.largest)
        try:
            sides = [pixels.parse(part) for part in parts]
        except UserError:
            raise refuse(text, self.allowed) from None
        if not 1 <= len(sides) <= 2:
            raise refuse(text, self.allowed)
        return sides[0], sides[-1]

    def write(self, value: tuple[int, int]) -> str:
        height, width = value
        return f"{height}" if height == width else f"{height}x{width}"


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
class Arguments:
    """Arguments by name: "width=256". Several stand in a list, or apart from each other."""

    allowed: str = "name=value, such as width=256"

    def parse(self, text: object) -> tuple[str, ...]:
        parts: Iterable[object]
        if isinstance(text, Mapping):
            parts = [f"{name}={value!r}" for name, value in text.items()]
        elif isinstance(text, tuple | list):
            parts = text
        else:
            parts = [] if str(text).strip() in ("", "none") else self._apart(str(text))
        given: dict[str, str] = {}
        for part in parts:
            name, equals, value = str(part).partition("=")
            if not equals or not name.strip().isidentifier():
                raise refuse(part, self.allowed)
            given[name.strip()] = value.strip()
        return tuple(f"{name}={value}" for name, value in given.items())

    def write(self, value: tuple[str, ...]) -> str:
        return shlex.join(value) or "none"

    def _apart(self, text: str) -> list[str]:
        try:
            return shlex.split(text)
        except ValueError:
            raise refuse(text, self.allowed) from None


@dataclass(frozen=True, slots=True)
class DeviceName:
    """What computes: the processor, or an accelerator, of several a certain one."""

    names: tuple[str, ...] = ("auto", "cpu", "cuda", "mps")

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(self.names)}, or cuda:N for the card of number N"

    def parse(self, text: object) -> str:
        name = str(text).strip().lower()
        if name in self.names or re.fullmatch(r"cuda:\d{1,3}", name, re.ASCII):
            return name
        raise UserError(f"{refuse(text, self.allowed)}{did_you_mean(name, self.names)}")

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
