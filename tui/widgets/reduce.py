"""A curve brought down to as many points as a chart has room for, its extremes kept."""

from __future__ import annotations

from core.snapshot import Curve


def reduce(curve: Curve, left: float, right: float, dots: int, together: int = 1) -> Curve:
    """`curve` with the entries merged that are drawn at the same place.

    [left, right] is an axis of so many `dots`, its ends in the middle of the first and the last
    dot as plotext has it; each slot is as many dots wide as are taken `together`. A merged entry
    has the mean weighted by count, the lowest low, the highest high, and the x and last value
    of its last entry. Slots follow the axis, not the data, so points already drawn do not stir
    as others arrive. Entries whose mean is not finite count only where a
    slot holds nothing else; there they stay as NaN, a gap. Entries outside are left out.
    """
    import numpy as np

    inside = (curve.x >= left) & (curve.x <= right)
    x, mean, last, count = (a[inside] for a in (curve.x, curve.mean, curve.last, curve.count))
    if not x.size:
        return Curve(x, mean, x, x, last, count)
    width = (right - left) or 1.0
    slot = np.floor((x - left) / width * (dots - 1) + 0.5) // together
    first = np.flatnonzero(np.diff(slot, prepend=-1.0))
    final = np.append(first[1:], x.size) - 1
    finite = np.isfinite(mean)
    weight = np.where(finite, count, 0.0)
    total = np.add.reduceat(weight, first)
    # A share of 1 for each entry, not a sum to divide later: huge losses would overflow it.
    share = weight / np.maximum(np.repeat(total, final - first + 1), 1e-300)
    merged = np.add.reduceat(np.where(finite, mean, 0.0) * share, first)
    return Curve(
        x=x[final],
        mean=np.where(total > 0, merged, np.nan),
        low=np.fmin.reduceat(curve.low[inside], first),
        high=np.fmax.reduceat(curve.high[inside], first),
        last=last[final],
        count=np.add.reduceat(count, first),
    )
