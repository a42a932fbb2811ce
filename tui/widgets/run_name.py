"""How a run begins its line in a table: marked if it is selected, its sign, its name."""

from __future__ import annotations

from textual.content import Content

from core.snapshot import RunView
from tui.company import Company
from tui.display import Display

LEAD = 3  # columns of the mark, the sign and a gap

# Columns of a name at most, in a table at least so wide.
_MOST = ((110, 24), (60, 14), (0, 10))


def name_width(company: Company, width: int) -> int:
    """The columns that the longest name takes, in a table of `width`; one of names that fits."""
    most = next(most for least, most in _MOST if width >= least)
    return min(most, max(len(run.name) for run in company.runs))


def run_name(
    company: Company,
    run: RunView,
    width: int,
    *,
    chosen: bool,
    display: Display,
    dark: bool,
    hidden: bool = False,
) -> Content:
    """LEAD and `width` columns: a name that is longer is cut, one that is hidden has no sign."""
    mark, none, cut = (">", "-", ".") if display.ascii else ("▸", "╌", "…")
    look = company.looks[run.id]
    name = display.text(run.name)
    fitted = name if len(name) <= width else name[: max(0, width - 1)] + cut[:width]
    return Content.assemble(
        (mark if chosen else " ", "bold $primary"),
        (none if hidden else look.mark(display.ascii), look.colour.on(dark=dark)),
        (f" {fitted:<{width}}", "bold" if chosen else ""),
    )
