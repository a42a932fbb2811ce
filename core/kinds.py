"""What a setting may hold of which there is one alone: widths, pixels, arguments, a device."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import UserError, did_you_mean
from core.settings import Whole, refuse


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
