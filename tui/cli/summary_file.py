"""Where the summary of a run goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core import summary as summaries
from core.errors import UserError
from tui.cli.layers import Given


def summary_file(values: Mapping[str, Given]) -> Path | None:
    """The file that was named, known to be writable before anything is trained."""
    each = values.get("summary")
    if each is None or each.value is None:
        return None
    path = Path(each.value)
    try:
        summaries.check_writable(path)
    except UserError as fault:
        raise fault.at(each.source) from None
    return path
