"""The columns of a table as inputs: numbers standardised, categories one input for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.data.own.refusal import counted, refused, some_of
from core.data.own.scale import scale_of
from core.data.own.table_files import is_number

MOST_CATEGORIES = 100
_ABSENT = -1  # the code of a missing category


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers: float64 (n,), NaN where they are missing."""

    name: str
    values: NDArray[np.float64]

    @property
    def missing(self) -> NDArray[np.bool_]:
        return np.isnan(self.values)

    def at(self, rows: NDArray[np.bool_]) -> Numbers:
        return Numbers(self.name, self.values[rows])

    def encoded(self, train: Tensor) -> Encoded:
        """On the scale of the training rows, whose mean stands for what is missing."""
        known = torch.from_numpy(self.values[train.numpy()])
        known = known[~known.isnan()]
        if len(known) == 0 or bool((known == known[0]).all()):
            return Encoded(torch.empty(len(self.values), 0), constant=True)
        scaled = scale_of(known[:, None]).of(torch.from_numpy(self.values)[:, None])
        return Encoded(torch.where(scaled.isnan(), 0.0, scaled))


@dataclass(frozen=True, eq=False)
class Categories:
    """A column of texts: `codes` (n,) are places in `texts`, -1 where they are missing."""

    name: str
    codes: NDArray[np.int64]
    texts: tuple[str, ...]

    @property
    def missing(self) -> NDArray[np.bool_]:
        return np.equal(self.codes, _ABSENT)

    def at(self, rows: NDArray[np.bool_]) -> Categories:
        return Categories(self.name, self.codes[rows], self.texts)

    def encoded(self, train: Tensor) -> Encoded:
        """One input for each text of the training rows, in their alphabet's order; then missing."""
        seen = np.unique(self.codes[train.numpy()])
        if len(seen) < 2:
            return Encoded(torch.empty(len(self.codes), 0), constant=True)
        ordered = sorted(seen.tolist(), key=lambda code: (code == _ABSENT, self.texts[code]))
        one_hot = torch.from_numpy(self.codes[:, None] == np.array(ordered)).float()
        strange = np.unique(self.codes[~one_hot.any(1).numpy()]).tolist()
        return Encoded(one_hot, strange=tuple(self.texts[code] for code in strange if code >= 0))


Column = Numbers | Categories


@dataclass(frozen=True, eq=False)
class Encoded:
    """A column as inputs, float32 (n, inputs); a constant one has none.

    `strange` are texts that stand in no training row: to the network they are no category.
    """

    inputs: Tensor
    constant: bool = False
    strange: tuple[str, ...] = ()


def column_of(name: str, cells: Any, data: str) -> Column | str:
    """The column in these cells, a pyarrow.ChunkedArray; or why it is none to learn from.

    Raises UserError where a number is infinite.
    """
    import pyarrow as pa

    kind = cells.type
    if pa.types.is_null(kind):
        return "empty"
    if is_numeric(kind):
        values = numbers_in(cells)
        infinite = np.isinf(values)
        if infinite.any():
            raise refused(
                data,
                f"column {name}: {counted(int(infinite.sum()), 'value')} infinite, the first in "
                f"row {int(infinite.argmax()) + 1:,}",
            )
        return Numbers(name, values)
    if not is_text(kind):
        return f"{kind} is neither a number nor a text"
    codes, texts = codes_in(cells)
    most = min(MOST_CATEGORIES, max(10, len(codes) // 2))
    if len(texts) > most:
        return f"{_why_so_many(texts)}"
    return Categories(name, codes, texts)


def is_numeric(kind: Any) -> bool:
    """Whether a type of Arrow's is one of numbers, or of yes and no."""
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_boolean(kind)
    )


def is_text(kind: Any) -> bool:
    """Whether a type of Arrow's is one of texts, as they are or by their numbers."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def numbers_in(cells: Any) -> NDArray[np.float64]:
    """The numbers in cells of a numeric type, float64 (n,), NaN where one is missing."""
    import pyarrow as pa

    kind = cells.type
    if pa.types.is_boolean(kind):
        cells = cells.cast(pa.uint8())
    wide = cells.cast(pa.float64(), safe=False)
    values: NDArray[np.float64] = wide.to_numpy(zero_copy_only=False).astype(np.float64)
    return values


def codes_in(cells: Any) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The texts in cells of a text type, by their places in all that are there; -1 if missing."""
    import pyarrow as pa

    plain = cells.cast(pa.large_string()).combine_chunks()
    if isinstance(plain, pa.ChunkedArray):
        plain = plain.chunk(0)
    coded = plain.dictionary_encode()
    codes = coded.indices.fill_null(_ABSENT).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, tuple(coded.dictionary.to_pylist())


def _why_so_many(texts: Sequence[str]) -> str:
    words = [text for text in texts if not is_number(text)]
    if all(is_number(text.replace(",", ".")) for text in words):
        return f"numbers with a decimal comma, such as {words[0]!r}, are read as text"
    if 20 * len(words) <= len(texts):  # a column of numbers, but for a slip
        return f"it would be numbers, but for {some_of([repr(word) for word in words])}"
    return f"{len(texts):,} different texts, such as {texts[0][:40]!r}"


def missing_in(columns: Sequence[Column]) -> Iterator[tuple[str, int]]:
    """The columns with missing values, and how many."""
    for column in columns:
        if count := int(column.missing.sum()):
            yield column.name, count
