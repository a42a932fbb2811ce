"""Numbers for people: thousands separated, three significant figures, units beside them.

Every function also takes None, which stands for "not yet measured" and is written as a dash.
"""

from __future__ import annotations

import math

MISSING = "-"

_COMPACT = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float | None, figures: int = 3) -> str:
    """`value` to so many significant figures: 2.31, 0.0100, 126,000, 3.20e-5, 1.50e12."""
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    if value == 0:
        return "0"
    mantissa, _, power = f"{value:.{figures - 1}e}".partition("e")
    exponent = int(power)
    if not -5 < exponent < 12:
        return f"{mantissa}e{exponent}"
    rounded = float(f"{mantissa}e{exponent}")
    return f"{rounded:,.{max(0, figures - 1 - exponent)}f}"


def count(value: int | None) -> str:
    """A whole number in full: 60,000."""
    return MISSING if value is None else f"{value:,}"


def plural(value: int | None, noun: str) -> str:
    """So many of a thing: 1 update, 60,000 updates."""
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


def compact(value: float) -> str:
    """A tick label in the fewest characters: 0, 0.5, 750, 20k, 1.2M."""
    if not math.isfinite(value):
        return number(value)
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.2g}".replace("e+", "e").replace("e-0", "e-")
    for scale, suffix in _COMPACT:
        if size >= scale:
            return f"{value / scale:.6g}{suffix}"
    return f"{value:.6g}"


def percent(share: float | None, decimals: int = 1) -> str:
    """A share of 1 in percent: 93.1 %."""
    if share is None or not math.isfinite(share):
        return MISSING
    return f"{100 * share:.{decimals}f} %"


def duration(seconds: float | None) -> str:
    """A length of time in its own unit: 7.40 µs, 453 ms, 2.10 s, 3 min 20 s, 5 h 04 min."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    for limit, scale, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (100.0, 1.0, "s")):
        # The test is on the rounded figure, so that 999.9 µs becomes 1.00 ms, not 1,000 µs.
        if float(f"{seconds:.2e}") < limit:
            return f"{number(seconds * scale)} {unit}"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02} min"


def clock(seconds: float | None) -> str:
    """Time gone by or still to go, as a watch shows it: 0:07, 12:30, 1:02:03."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(per_second: float | None, noun: str) -> str:
    """How many of a thing a second: 126,000 updates/s."""
    return f"{number(per_second)} {noun}/s"
