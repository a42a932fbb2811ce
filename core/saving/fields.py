"""Reading what may have been damaged or forged: every value is checked before it is used."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from core.snapshot import Moment

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_LARGEST = 2**52  # every whole number up to here is a float, and so are sums of some
_LONGEST_SECONDS = 1e12
_MOST_EPOCHS = 1e15
_LONGEST_FAULT = 300
LONGEST_TEXT = 2_000  # characters


class DamagedError(Exception):
    """A value that is missing, or is not what it should be; its text is one short line.

    Whatever it quotes from a file is shortened, and made such that a terminal can be given it.
    """

    def __init__(self, text: str) -> None:
        super().__init__(printable(" ".join(text.split()), _LONGEST_FAULT))


def printable(text: str, most: int) -> str:
    """The beginning of a text, without what a terminal might obey, such as an escape."""
    return "".join(c for c in text[:most] if c.isprintable())


def number(value: float) -> float | str:
    """The number as JSON can say it."""
    return float(value) if math.isfinite(value) else str(float(value))


def moment(at: Moment) -> list[Any]:
    return [at.updates, at.examples, number(at.seconds), number(at.epoch)]


def within(values: Tensor, low: int, high: int) -> bool:
    """Whether all of (n,) whole numbers lie there."""
    return not len(values) or (int(values.min()) >= low and int(values.max()) <= high)


class Fields:
    """A JSON object, with the tensors that belong to it, by their whole names below `path`."""

    def __init__(
        self, values: object, tensors: Mapping[str, Tensor] | None = None, path: str = ""
    ) -> None:
        if not isinstance(values, dict):
            raise DamagedError(f"{path or 'the whole'} is not an object")
        self._values = values
        self._tensors = tensors or {}
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def name(self, name: str) -> str:
        return f"{self._path}/{name}" if self._path else name

    def all(self) -> dict[str, Any]:
        """Every value, unchecked."""
        return dict(self._values)

    def any(self, name: str) -> Any:
        if name not in self._values:
            raise DamagedError(f"{self.name(name)} is missing")
        return self._values[name]

    def fields(self, name: str) -> Fields:
        return Fields(self.any(name), self._tensors, self.name(name))

    def names(self) -> Iterator[str]:
        """The names in it, which are texts in any JSON object."""
        yield from self._values

    def integer(self, name: str, low: int = 0, high: int = _LARGEST) -> int:
        value = self.any(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise DamagedError(f"{self.name(name)} is not a whole number from {low:,} to {high:,}")
        return value

    def number(self, name: str) -> float:
        return self._number(self.any(name), name)

    def number_in(self, name: str, place: int, length: int) -> float:
        """The number at a place of a list of so many."""
        values = self.list(name, length)
        if len(values) != length:
            raise DamagedError(f"{self.name(name)} is not a list of {length}")
        return self._number(values[place], name)

    def between(self, name: str, low: float, high: float, place: int | None = None) -> float:
        """A number from `low` to `high`; at a `place` of a list of two."""
        value = self.number(name) if place is None else self.number_in(name, place, 2)
        if not low <= value <= high:
            raise DamagedError(f"{self.name(name)} is not a number from {low:g} to {high:g}")
        return value

    def one_of(self, name: str, allowed: Container[str]) -> str:
        value = self.text(name)
        if value not in allowed:
            raise DamagedError(f"{self.name(name)} is none that is known")
        return value

    def text(self, name: str, most: int = LONGEST_TEXT) -> str:
        """A text; what a terminal might obey, such as an escape, is left out."""
        value = self.any(name)
        if not isinstance(value, str) or len(value) > most:
            raise DamagedError(f"{self.name(name)} is not a text of at most {most:,} characters")
        return printable(value, most)

    def flag(self, name: str) -> bool:
        value = self.any(name)
        if not isinstance(value, bool):
            raise DamagedError(f"{self.name(name)} is neither true nor false")
        return value

    def list(self, name: str, most: int = 10_000) -> list[Any]:
        value = self.any(name)
        if not isinstance(value, list) or len(value) > most:
            raise DamagedError(f"{self.name(name)} is not a list of at most {most:,}")
        return value

    def each(self, name: str, most: int = 10_000) -> Iterator[Fields]:
        """The objects in a list."""
        for place, value in enumerate(self.list(name, most)):
            yield Fields(value, self._tensors, f"{self.name(name)}/{place}")

    def moment(self, name: str) -> Moment:
        values = self.list(name, 4)
        whole = [v for v in values[:2] if isinstance(v, int) and not isinstance(v, bool)]
        if len(values) != 4 or len(whole) != 2 or not all(0 <= v <= _LARGEST for v in whole):
            raise DamagedError(f"{self.name(name)} is not a moment")
        seconds, epoch = (self._number(value, name) for value in values[2:])
        if not (0 <= seconds <= _LONGEST_SECONDS and 0 <= epoch <= _MOST_EPOCHS):
            raise DamagedError(f"{self.name(name)} is not a moment")
        return Moment(whole[0], whole[1], seconds, epoch)

    def tensor(self, name: str, dtype: torch.dtype, *shape: int | None) -> Tensor:
        """A tensor of this type and shape, of which None leaves a dimension open."""
        whole = self.name(name)
        if whole not in self._tensors:
            raise DamagedError(f"{whole} is missing")
        tensor = self._tensors[whole]
        fits = len(shape) == tensor.ndim and all(
            wanted in (None, there) for wanted, there in zip(shape, tensor.shape, strict=True)
        )
        if tensor.dtype != dtype or not fits:
            raise DamagedError(f"{whole} is of a wrong shape or type")
        return tensor

    def has_tensor(self, name: str) -> bool:
        return self.name(name) in self._tensors

    def below(self, name: str) -> dict[str, Tensor]:
        """The tensors whose names begin with `name`, by the rest of their names."""
        begin = self.name(name) + "/"
        return {k[len(begin) :]: v for k, v in self._tensors.items() if k.startswith(begin)}

    def _number(self, value: object, name: str) -> float:
        if isinstance(value, str) and value in ("inf", "-inf", "nan"):
            return float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DamagedError(f"{self.name(name)} is not a number")
        try:
            return float(value)
        except OverflowError:
            raise DamagedError(f"{self.name(name)} is not a number") from None
