"""Paths on a plane, drawn to one scale on both axes, with the start and the distances from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.snapshot import Plane
from tui.company import Company
from tui.display import Look
from tui.format import compact
from tui.widgets import axis
from tui.widgets.canvas import Canvas

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MAGNIFIED = 0.1  # of the shortest path: up to there, logarithmic distances are nearly linear
_LEAST = 1e-5  # of the longest path: nothing shorter is magnified
_FARTHEST = 1e100  # from the start, and no more than rubbish
_NOTHING = 1e-12  # as good as no distance at all
_SPARE = 1.25  # times the room that is needed, in a new view
_TOO_MUCH = 2.5  # times the room that is needed, in an old one
_EDGE = 1  # dots that stay free
_RINGS = 3  # at most, where distances are linear
_RING_DOTS = 3  # from one dot of a ring to the next


@dataclass(frozen=True, slots=True)
class Inks:
    """What depends on the theme: a `dark` ground, the colours of the rings and of the start."""

    dark: bool
    rings: str
    start: str
    colourless: bool = False


class View:
    """The part of the plane that is in view, remembered so that it is left rarely."""

    def __init__(self) -> None:
        self._of: object = None
        self._left = self._bottom = self._scale = 0.0

    def settle(self, points: Floats, canvas: Canvas, of: object) -> None:
        """Have all `points` (k, 2) on the canvas, the start at (0, 0) among them.

        What is to spare lies on the sides to which they led so far. The view of something else
        is not kept.
        """
        edges = _edges(canvas)
        across, up = (m - 1 - 2 * edge for m, edge in zip(canvas.size, edges, strict=True))
        wide, high = max(across, 1), max(up / canvas.dot_shape, 1)  # in widths of a dot
        low, far = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        spans = far[0] - low[0], far[1] - low[1]
        needed = max(spans[0] / wide, spans[1] / high, _NOTHING)
        covers = (
            self._left <= low[0]
            and self._bottom <= low[1]
            and far[0] <= self._left + wide * self._scale
            and far[1] <= self._bottom + high * self._scale
        )
        if self._of == (of, canvas.size) and covers and self._scale <= _TOO_MUCH * needed:
            return
        self._of, self._scale = (of, canvas.size), _SPARE * needed
        before = [-near / span if span else 0.5 for near, span in zip(low, spans, strict=True)]
        self._left = -before[0] * wide * self._scale
        self._bottom = -before[1] * high * self._scale

    def dots(self, points: Floats, canvas: Canvas) -> tuple[Floats, Floats]:
        """Where points lie on the canvas, in dots."""
        right, top = _edges(canvas)
        x = (points[:, 0] - self._left) / self._scale
        y = (points[:, 1] - self._bottom) / self._scale * canvas.dot_shape
        return x + right, y + top


def _edges(canvas: Canvas) -> tuple[float, float]:
    """Dots that stay free at each side; fewer of a tiny canvas."""
    across, up = (min(_EDGE, (most - 1) / 4) for most in canvas.size)
    return across, up


def in_sight(plane: Plane, company: Company) -> dict[int, Floats]:
    """The paths of the visible runs, as far as they can be drawn, in the order of drawing.

    Of what runs have in common, as before a fork, the older one's shows; the selected run is on
    top of all.
    """
    import numpy as np

    others = [run.id for run in reversed(company.visible) if run.id != company.run.id]
    order = [*others, company.run.id]
    paths = {run: plane.paths[run] for run in order if run in plane.paths}
    kept = {run: path[np.hypot(*path.T) < _FARTHEST] for run, path in paths.items()}
    return {run: path for run, path in kept.items() if len(path)}


def reaches(paths: Iterable[Floats]) -> list[float]:
    """How far from the start each path ever was."""
    import numpy as np

    return [float(np.hypot(*path.T).max()) for path in paths]


def near(distances: Sequence[float]) -> float:
    """Up to which distance a logarithmic scale that shows all `distances` is nearly linear.

    A power of ten, so that it changes rarely.
    """
    shortest = min((distance for distance in distances if distance > 0), default=1.0)
    length = max(shortest, _LEAST * max(distances, default=0.0))
    return 10.0 ** math.floor(math.log10(_MAGNIFIED * length))


def draw(
    paths: Mapping[int, Floats],
    looks: Mapping[int, Look],
    canvas: Canvas,
    view: View,
    inks: Inks,
    near: float = 0.0,
) -> None:
    """Draw paths, with a sign at the head of each, the start, and rings of equal distance to it.

    Distances from the start are linear up to about `near` and logarithmic beyond, or linear
    throughout if it is 0; directions stay as they are.
    """
    import numpy as np

    start = np.zeros((1, 2))
    bent = {run: bend(path, near) for run, path in paths.items()}
    view.settle(np.concatenate([start, *bent.values()]), canvas, of=near)
    dots = {run: view.dots(path, canvas) for run, path in bent.items()}
    for run, (x, y) in dots.items():
        look, few = looks[run], len(x) // 3
        colour, mark = look.colour.on(dark=inks.dark), look.mark(canvas.ascii)
        canvas.line(x, y, colour, mark)
        for place in (few, 2 * few) if inks.colourless else ():
            canvas.write(*canvas.cell(x[place], y[place]), mark, colour)
    origin = canvas.cell(*(float(at[0]) for at in view.dots(start, canvas)))
    canvas.write(*origin, "+", f"bold {inks.start}")
    for run, (x, y) in dots.items():
        look = looks[run]
        style = f"bold {look.colour.on(dark=inks.dark)}"
        canvas.write(*canvas.cell(x[-1], y[-1]), look.mark(canvas.ascii), style)
    _say_start(origin, canvas, inks.start)
    for distance in _round(max(reaches(paths.values()), default=0.0), near):
        _draw_ring(distance, near, canvas, view, inks.rings)


def bend(points: Floats, near: float) -> Floats:
    """The points with logarithmic distances; as they are if `near` is 0."""
    import numpy as np

    if not near:
        return points
    distance = np.hypot(*points.T)[:, None]
    moved: Floats = points * np.log1p(distance / near) / np.where(distance > 0, distance, 1.0)
    return moved


def _round(farthest: float, near: float) -> list[float]:
    """Distances up to the farthest that are worth a ring: powers of ten, or else even steps."""
    if farthest <= 0:
        return []
    if not near:
        return [tick for tick in axis.linear(0.0, farthest, _RINGS + 1).ticks if tick > 0]
    return [near * 10.0**power for power in range(1, 1 + int(math.log10(farthest / near)))]


def _draw_ring(distance: float, near: float, canvas: Canvas, view: View, style: str) -> None:
    """A dotted circle around the start, beneath all else, with its distance if that finds room."""
    import numpy as np

    radius = float(bend(np.array([[distance, 0.0]]), near)[0, 0])
    label = compact(float(f"{distance:.6g}"))
    corners = radius * np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    x, y = view.dots(corners, canvas)
    for place in zip(x.tolist(), y.tolist(), strict=True):
        column, row = canvas.cell(*place)
        inside = all(0 <= at < most for at, most in zip(place, canvas.size, strict=True))
        if inside and canvas.is_free(column - 1, row, len(label) + 2):
            canvas.write(column, row, label, style)
            break
    turns = np.linspace(0, 2 * np.pi, max(int(np.pi * (x[0] - x[2]) / _RING_DOTS), 8))
    x, y = view.dots(radius * np.stack([np.cos(turns), np.sin(turns)], axis=1), canvas)
    canvas.dots(np.rint(x).astype(np.int64), np.rint(y).astype(np.int64), style, ".", beneath=True)


def _say_start(cell: tuple[int, int], canvas: Canvas, style: str) -> None:
    """Name the start, if there is a blank place beside it, or under or over it."""
    text, (column, row) = " start ", cell
    beside = ((column - len(text), row), (column + 1, row))
    for left, line in (*beside, (column - 1, row + 1), (column - 1, row - 1)):
        if canvas.is_free(max(left, 0), line, len(text)):
            canvas.write(max(left, 0) + 1, line, text.strip(), style)
            return
