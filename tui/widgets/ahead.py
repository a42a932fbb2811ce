"""Who is ahead, in the words of one line."""

from __future__ import annotations

from math import isfinite

from core.racing.standing import Measure, standing
from core.snapshot import Clock
from tui.company import Company
from tui.display import Display
from tui.format import compact, count, number, percent
from tui.widgets.fit import fullest

_IN_FULL = 100_000  # updates or examples; more are rounded


def ahead(company: Company, clock: Clock, measure: Measure, display: Display, width: int) -> str:
    """Who is ahead where all have been: of the race's lanes, if there is one, else of all runs.

    Only visible runs count, and such as have begun.

    In `width` columns, if they are enough for the least that can be said.
    """
    lanes = company.race.lanes if company.race else ()
    racing = [run for run in company.visible if run.id in lanes] or company.visible
    runs = {run.id: run for run in racing if run.at.updates}
    found = standing(runs.values(), clock, measure)
    told = [(i, value) for i, value in found.ranking if isfinite(value)] if found else []
    if found is None or len(told) < 2:
        return fullest(width, "nobody is ahead yet", "")
    signs = [company.looks[i].mark(display.ascii) for i, _ in told]
    values = [_value(value, measure) for _, value in told]
    at = f"at {place(found.place, clock)}"
    if found.is_level:
        level = [sign for sign, (_, value) in zip(signs, told, strict=True) if value == told[0][1]]
        return fullest(width, f"level {at}: {' '.join(level)} {values[0]}", "level")
    first, *others = (
        display.text(f"{sign} {runs[i].name} ({value})")
        for (i, _), sign, value in zip(told, signs, values, strict=True)
    )
    claim = f"{'seems ahead' if found.rough else 'ahead'} {at}:"
    return fullest(
        width,
        f"{claim} {first}, then {', '.join(others)}",
        f"{claim} {first}, then {others[0]}",
        f"{claim} {first}",
        f"{claim} {signs[0]} {values[0]}",
        f"{signs[0]} {values[0]} {at}",
    )


def place(at: float, clock: Clock) -> str:
    """A place on a clock, in words: "81 updates", "1.05M examples", "9.96 s"."""
    if clock is Clock.SECONDS:
        return f"{number(at)} s"
    whole = round(at)
    said = count(whole) if whole < _IN_FULL else compact(float(f"{at:.3g}"))
    return f"{said} {str(clock)[:-1] if whole == 1 else clock}"


def _value(value: float, measure: Measure) -> str:
    return percent(value) if measure is Measure.ACCURACY else number(value)
